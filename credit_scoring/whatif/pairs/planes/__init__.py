"""Scores over the plane of two features: cells of trees, and directions of formulas."""
