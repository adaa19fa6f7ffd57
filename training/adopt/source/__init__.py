"""The model file of a team, read without running it."""
