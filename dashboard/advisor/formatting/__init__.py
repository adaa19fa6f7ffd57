"""Numbers, shares, dates and values as readers expect them."""
