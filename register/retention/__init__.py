"""Deletions that the chain survives: erasure and retirement, and legal holds that forbid them."""
