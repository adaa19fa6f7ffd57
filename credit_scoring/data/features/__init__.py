"""The feature dictionary: `features.csv` and its formulas."""
