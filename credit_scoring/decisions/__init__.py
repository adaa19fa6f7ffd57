"""Applications to scores, decisions and reasons, one, a list or a chunk of a table."""
