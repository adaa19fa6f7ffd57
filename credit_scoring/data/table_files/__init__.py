"""The files of the two tables: cells, ids, types and columns."""
