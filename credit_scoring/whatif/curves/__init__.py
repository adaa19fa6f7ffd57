"""The score of one row as a function of one feature."""
