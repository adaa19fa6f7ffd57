"""Training of the files that the service loads: population, model, quality."""
