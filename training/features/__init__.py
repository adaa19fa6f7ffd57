"""The `features.csv` that training writes."""
