"""Monitoring: drift, summaries of features, rates of decisions, performance of a model."""
