"""Requests and reviews of decisions, counted by cell."""
