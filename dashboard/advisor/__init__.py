"""What the pages of the dashboard share. It knows the service by HTTP alone.

Lowest first: `errors`, `answers` (shapes), `client` (HTTP), `texts` and `formats` (words and
numbers), `vega` and `figures` (pictures), `desk` (answers of one model), `contributions` (SHAP
values by theme), `state` (what was chosen), `parts` (what several pages show), `explained` (reasons
and waterfalls), `curve` (a score along one feature).
"""
