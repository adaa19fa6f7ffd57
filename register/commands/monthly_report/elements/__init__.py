"""Elements of the page: charts, tables, texts of figures, the style."""
