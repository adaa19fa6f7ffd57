"""Colours and style of all pages."""
