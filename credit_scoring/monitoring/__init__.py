"""New clients against the reference population."""
