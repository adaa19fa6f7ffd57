"""Two years of a lender's decisions, reviews and outcomes, simulated, with their known truth."""
