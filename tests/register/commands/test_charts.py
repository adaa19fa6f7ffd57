"""The axes of charts over time."""

import re

from register.commands.monthly_report.elements.charts import Axis, Counts, Series, time_chart


def test_an_index_without_intervals_is_drawn_from_0_on():
    """From its least value on, an index of 0.019 beside 0.023 by chance would look like much."""
    axis = Axis(["Oct", "Nov"], [])
    series = [Series("index", [None, 0.019]), Series("by chance", [0.023, 0.023])]
    chart = time_chart(axis, series, "PSI", "Index by month.", Counts("decisions", [1, 2]))
    numbers = {text for text in re.findall(r">([\d.]+)</text>", chart) if "." in text}
    assert min(map(float, numbers)) == 0
