"""Statements about a client: decision, reasons, effects, comparisons."""
