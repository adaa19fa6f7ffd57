"""Stability of every feature: recorded values against those of the reference clients."""
