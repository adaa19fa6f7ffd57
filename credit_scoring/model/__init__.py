"""Rows to scores: the loaded bundle, its transformer and classifier, and the checks at loading."""
