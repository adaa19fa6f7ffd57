"""Recorded decisions: lists, one of them opened, and the forms of requests and reviews."""
