"""What the pages of the dashboard share. It knows the service by HTTP alone.

Lowest first: `errors`, `answers` (shapes), `client` (HTTP), `texts` and `formats` (words and
numbers), `vega` and `figures` (pictures), `desk` (answers of one model), `state` (what was
chosen), `parts` (what several pages show).
"""
