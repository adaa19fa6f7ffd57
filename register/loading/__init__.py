"""Decisions of another system, or simulated ones, put into a register that has none."""
