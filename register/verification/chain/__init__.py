"""Checks of the chain of blocks."""
