"""Stored models of any packing, opened to a transformer and a classifier."""
