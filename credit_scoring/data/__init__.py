"""Files to arrays: the tables, the feature dictionary, the reference population."""
