"""Replay: recorded decisions are scored again, by the files that scored them."""
