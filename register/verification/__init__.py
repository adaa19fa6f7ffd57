"""Verification: every recorded row, piece of evidence and file against the hashes of its time."""
