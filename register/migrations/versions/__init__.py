"""The changes, one a file, numbered."""
