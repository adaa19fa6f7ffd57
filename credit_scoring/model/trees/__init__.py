"""Fitted tree ensembles of any library as arrays, and their exact SHAP values."""
