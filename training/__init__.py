"""The files that the service loads: a population, the fit of a model, its quality."""
