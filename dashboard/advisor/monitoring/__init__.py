"""The model at work: figures of recorded decisions and of how their loans went."""
