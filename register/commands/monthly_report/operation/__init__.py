"""Sections about the applications, the people who decide and the challenger."""
