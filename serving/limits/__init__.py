"""Limits on the heads, bodies and times of requests."""
