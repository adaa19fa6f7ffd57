"""Evidence of decisions: stored bytes, their hashes, pseudonyms and audit values."""
