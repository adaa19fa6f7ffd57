"""What is said of a client: decision, reasons, effects, comparisons."""
