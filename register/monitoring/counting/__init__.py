"""Counts of decisions by cell, from narrow columns."""
