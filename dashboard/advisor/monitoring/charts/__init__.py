"""Charts of figures with their intervals, as Vega-Lite specifications."""
