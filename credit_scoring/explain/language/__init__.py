"""Numbers, dates and quantities in the words of a language."""
