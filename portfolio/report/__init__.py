"""`summary.json` and `report.html`: the figures of a run, its charts and its page."""
