"""Readings of the register: lists of decisions, one decision, the answer to a repeated call."""
