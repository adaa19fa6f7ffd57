"""Checks while loading that the service gives every client the score of the model."""
