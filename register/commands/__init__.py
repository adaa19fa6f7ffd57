"""The commands of `python -m register`, one a file."""
