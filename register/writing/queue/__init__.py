"""Entries that wait for the writer, and who watches them."""
