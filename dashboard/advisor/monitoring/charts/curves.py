"""Curves of defaults by age of the loans, and expected against observed defaults."""

from collections.abc import Sequence

from advisor.monitoring.response_models import Vintage
from advisor.monitoring.statistics import CalibrationBin
from advisor.vega_lite import vega
from advisor.vega_lite.charts import PERCENT
from advisor.vega_lite.vega import BLUE, GREY, ORANGE, Row, Spec

FORM = ".1%"


def vintage_curves(
    vintages: Sequence[Vintage], titles: tuple[str, str], best: str, worst: str
) -> Spec:
    """A curve for each month of decisions; those of the best and the worst month have names.

    Args:
        vintages: the months.
        titles: of the axes.
        best, worst: two of the months.
    """
    rows = [
        {"month": each["month"], "x": point["months"], "y": point["cumulative"]}
        for each in vintages
        for point in each["curve"]
        if point["cumulative"] is not None
    ]
    x = vega.number("x", titles[0], axis={"tickMinStep": 1, "grid": False}, scale={"zero": True})
    y = vega.number("y", titles[1], axis={"format": FORM})
    detail = {"field": "month", "type": "nominal"}
    line = {"type": "line", "color": GREY, "strokeWidth": 1, "opacity": 0.7}
    layers = [vega.layer(line, rows, x=x, y=y, detail=detail)]
    for month, colour, dash, dy in ((best, BLUE, [1, 0], 14), (worst, ORANGE, [6, 4], -8)):
        own = [row for row in rows if row["month"] == month]
        strong = {"type": "line", "color": colour, "strokeWidth": 3, "strokeDash": dash}
        layers.append(vega.layer({**strong, "point": {"color": colour}}, own, x=x, y=y))
        mark = {"align": "right", "dy": dy, "fontWeight": "bold", "color": colour}
        layers.append(vega.text([{**row, "text": month} for row in own[-1:]], mark, x=x, y=y))
    return vega.chart(*layers, height=340)


def reliability(bins: Sequence[CalibrationBin], titles: tuple[str, str]) -> Spec:
    """Expected against observed shares of defaults with their intervals, and the equality line."""
    rows: list[Row] = [{"x": each["mean_pd"], **each["default_rate"]} for each in bins]
    most = max(max(each["mean_pd"], each["default_rate"]["high"] or 0.0) for each in bins)
    x = vega.number("x", titles[0], axis={"format": PERCENT, "tickCount": 8})
    y = vega.number("rate", titles[1], axis={"format": PERCENT})
    ends: list[Row] = [{"x": 0.0, "rate": 0.0}, {"x": most, "rate": most}]
    low = {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}}
    point = {"type": "point", "filled": True, "size": 80, "color": BLUE}
    return vega.chart(
        vega.layer({"type": "line", "color": GREY, "strokeDash": [6, 3]}, ends, x=x, y=y),
        vega.layer({"type": "rule", "color": BLUE, "strokeWidth": 2, "opacity": 0.6}, rows, **low),
        vega.layer(point, [row for row in rows if row["rate"] is not None], x=x, y=y),
        height=320,
    )
