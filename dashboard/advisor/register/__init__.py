"""The register of decisions, for services that have one: recording, history, reviews, letters."""
