"""Drift and summaries of features: new clients against the reference population."""
