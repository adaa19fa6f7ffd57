"""Figures of the model at work: computed in a process beside, kept, and shown as metrics."""
