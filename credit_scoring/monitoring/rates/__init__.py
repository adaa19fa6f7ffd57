"""Shares of decisions, their ratios among groups, and tests of them."""
