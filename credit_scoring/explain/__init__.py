"""Scores to reasons: SHAP values, themes, peers and reason codes."""
