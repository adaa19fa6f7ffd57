"""Checks of recorded rows, one table or kind of row a file."""
