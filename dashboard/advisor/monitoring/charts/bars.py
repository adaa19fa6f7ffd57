"""Bars: numbers of decisions over time or by name, and indices of features beside chance."""

from collections.abc import Sequence

from advisor.monitoring.cells import Cells
from advisor.monitoring.charts.intervals import HEIGHT, swap_rules
from advisor.monitoring.statistics import Proportion
from advisor.vega_lite import vega
from advisor.vega_lite.charts import AXIS_HEIGHT, LEGEND_HEIGHT, ROW_HEIGHT
from advisor.vega_lite.vega import BLUE, INK, ORANGE, PAPER, Row, Spec

WIDEST = 900  # pixels that all bars of a line of time share


def volume(cells: Cells, title: str) -> Spec:
    """The number of decisions of each cell, with a rule at each swap of the model."""
    rows = [{"at": cells.place(cell), "volume": cell["volume"]} for cell in cells.all]
    place = cells.axis()
    number = vega.number("volume", title, axis={"format": ",d", "tickMinStep": 1})
    if not cells.is_time:
        bars = vega.layer({"type": "bar", "color": BLUE}, rows, y=place, x=number)
        return vega.chart(bars, height=ROW_HEIGHT * len(rows) + AXIS_HEIGHT)
    width = max(2, min(40, WIDEST // max(len(rows), 1) // 2))
    mark = {"type": "bar", "color": BLUE, "width": width}
    bars = vega.layer(mark, rows, x=place, y=number)
    return vega.chart(bars, *swap_rules(cells.swaps, place), height=HEIGHT)


def feature_indices(rows: Sequence[Row], title: str) -> Spec:
    """A bar for each feature's index, and a tick at the index that chance alone gives.

    Rows have `name`, `index` and `expected`.
    """
    tick = {"type": "tick", "thickness": 5, "color": INK, "stroke": PAPER, "strokeWidth": 1}
    x = vega.number("index", title, axis={"format": "~f", "tickCount": 6})
    return vega.chart(
        vega.layer({"type": "bar", "color": BLUE}, rows, y=vega.name(), x=x),
        vega.layer(tick, rows, y=vega.name(), x=vega.number("expected")),
        height=ROW_HEIGHT * len(rows) + AXIS_HEIGHT,
    )


def expected_and_observed(
    rows: Sequence[tuple[str, float | None, Proportion]], title: str, names: tuple[str, str]
) -> Spec:
    """Observed shares with intervals and expected shares, one name below the other.

    Args:
        rows: name, expected share and observed share.
        title: of the axis.
        names: of the expected and the observed shares.
    """
    points: list[Row] = []
    for name, expected, observed in rows:
        points.append({"name": name, "share": expected, "kind": names[0]})
        points.append({"name": name, "share": observed["rate"], "kind": names[1], **observed})
    known = [row for row in points if row["kind"] == names[1] and row["low"] is not None]
    x = vega.number("share", title, axis={"format": ".1%", "tickCount": 8})
    low = {"x": {**x, "field": "low"}, "x2": {"field": "high"}}
    below: Spec = {"legend": {"columns": 1}}
    colours = vega.legend("kind", names, [ORANGE, BLUE]) | below
    shapes = vega.legend("kind", names, ["diamond", "circle"]) | below
    mark = {"type": "point", "filled": True, "size": 90, "opacity": 1, "stroke": PAPER}
    found = [row for row in points if row["share"] is not None]
    return vega.chart(
        vega.layer({"type": "rule", "strokeWidth": 2, "color": BLUE}, known, y=vega.name(), **low),
        vega.layer(mark, found, y=vega.name(), x=x, color=colours, shape=shapes),
        height=ROW_HEIGHT * len(rows) + AXIS_HEIGHT + LEGEND_HEIGHT,
    )
