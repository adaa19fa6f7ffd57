"""Narrow columns of the register as arrays, without a Python object for each row."""
