"""What the pages of the dashboard share. It knows the service by HTTP alone.

Lowest first: `errors`, `answers` (shapes), `client` (HTTP), `texts` and `formats` (words and
numbers), `cells` (of a CSV file), `vega` and `figures` (pictures), `desk` (answers of one model),
`contributions` (SHAP values by theme), `state` (what was chosen), `controls` (of a form), `parts`
(what several pages show), `explained` (reasons and waterfalls), `curve` (a score along a feature).
"""
