"""Performance of a model on decisions whose outcomes are known, and estimates before they are."""
