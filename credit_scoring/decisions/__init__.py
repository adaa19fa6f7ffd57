"""Scores, decisions and reasons for one application, a list, or a chunk of a table."""
