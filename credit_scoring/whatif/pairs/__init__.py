"""Two features of a row changed together: axes, rows, and searches for the nearest pair."""
