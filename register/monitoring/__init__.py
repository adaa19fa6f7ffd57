"""Figures of the model at work: recorded decisions, their reviews and their outcomes."""
