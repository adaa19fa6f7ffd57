"""Export: recorded decisions as rows of plain values, for files."""
