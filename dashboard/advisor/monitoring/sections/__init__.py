"""Sections of the page "The model at work", a topic each."""
