"""Figures of cells as points with their intervals, over time or by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.monitoring.cells import Cells, Swap
from advisor.monitoring.response_models import Cell
from advisor.monitoring.statistics import Estimate, Proportion
from advisor.vega_lite import vega
from advisor.vega_lite.charts import ABOVE, AXIS_HEIGHT, LEGEND_HEIGHT, ROW_HEIGHT, Labelled
from advisor.vega_lite.vega import BLUE, GREY, INK, ORANGE, Row, Spec

COLOURS = (BLUE, ORANGE, GREY, INK)
DASHES = ([1, 0], [6, 4], [2, 3], [10, 3])
SHAPES = ("circle", "triangle-up", "square", "diamond")
HEIGHT = 260  # of a picture over time, in pixels
LINES_OF_HASHES = (-8, -22)  # pixels; the hashes of swaps stand in turn on these lines


@dataclass(frozen=True)
class Point:
    """A figure of a cell.

    Attributes:
        cell: the cell.
        series: the figure's name.
        value: None if only the interval is given.
        low, high: the interval; None without one.
    """

    cell: Cell
    series: str
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Measure:
    """The axis of the figures.

    Attributes:
        title: its name.
        form: of its numbers, in the language of d3-format.
        has_zero: true if the axis begins with 0.
        is_observed: false for estimates, whose points are empty and whose line is dashed.
    """

    title: str
    form: str
    has_zero: bool = True
    is_observed: bool = True


def share_point(cell: Cell, series: str, share: Proportion | None) -> Point:
    """The point of a share."""
    if share is None:
        return Point(cell, series, None)
    return Point(cell, series, share["rate"], share["low"], share["high"])


def estimate_point(cell: Cell, series: str, found: Estimate) -> Point:
    """The point of an estimate."""
    return Point(cell, series, found["value"], found["low"], found["high"])


def interval_chart(
    cells: Cells, points: Sequence[Point], measure: Measure, rules: Sequence[Labelled] = ()
) -> Spec:
    """Points with intervals, joined by lines over time, with a rule at each swap of the model.

    Without any figure or interval the chart has no layers.

    Args:
        cells: the cells of the points.
        points: figures of one or more series.
        measure: the axis of the figures.
        rules: values that a reader compares with, and their names.
    """
    points = [point for point in points if (point.value, point.low) != (None, None)]
    if not points:
        return vega.chart()
    series = list(dict.fromkeys(point.series for point in points))
    rows = point_rows(cells, points, series)
    place = cells.axis()
    value = vega.number(
        "value",
        measure.title,
        axis={"format": measure.form, "tickCount": 6},
        scale={"zero": measure.has_zero},
    )
    along, across = ("x", "y") if cells.is_time else ("y", "x")
    where = {along: place, across: value}
    if not cells.is_time and len(series) > 1:
        where["yOffset"] = vega.side_by_side("series")
    colour = legend(series, COLOURS)
    known = [row for row in rows if row["low"] is not None]
    low = {**where, across: {**value, "field": "low"}, f"{across}2": {"field": "high"}}
    bar = {"type": "rule", "strokeWidth": 2, "opacity": 0.6}
    layers = [vega.layer(bar, known, **low, color=colour)] if known else []
    if cells.is_time:
        line = {"type": "line", "strokeWidth": 2}
        dashes = DASHES if measure.is_observed else DASHES[1:]
        layers.append(
            vega.layer(line, rows, **where, color=colour, strokeDash=legend(series, dashes))
        )
    mark = {"type": "point", "filled": measure.is_observed, "size": 60, "opacity": 1}
    if found := [row for row in rows if row["value"] is not None]:
        layers.append(vega.layer(mark, found, **where, color=colour, shape=legend(series, SHAPES)))
    layers += [vega.rule(across, each) for each, _ in rules]
    layers += rule_names(cells, rules, place, value)
    if cells.is_time:
        layers += swap_rules(cells.swaps, place)
    names = len({row["at"] for row in rows}) * max(1, len(series) / 2)
    height = HEIGHT if cells.is_time else int(ROW_HEIGHT * names) + AXIS_HEIGHT
    return vega.chart(*layers, height=height + (LEGEND_HEIGHT if len(series) > 1 else 0))


def point_rows(cells: Cells, points: Sequence[Point], series: Sequence[str]) -> list[Row]:
    """The rows of some points, with their places."""
    return [
        {
            "at": cells.place(point.cell, series.index(point.series), len(series)),
            "series": point.series,
            "value": point.value,
            "low": point.low,
            "high": point.high,
        }
        for point in points
    ]


def legend(series: Sequence[str], values: Sequence[object]) -> Spec:
    """A channel of the series, whose names stand below each other; one alone has no legend."""
    found = vega.legend("series", series, values[: len(series)])
    return {**found, "legend": {"columns": 1} if len(series) > 1 else None}


def rule_names(cells: Cells, rules: Sequence[Labelled], place: Spec, value: Spec) -> list[Spec]:
    """The names of rules: at the right end of a line of time, else over the picture."""
    if not cells.is_time:
        return [vega.text([{"value": at, "text": text}], ABOVE, x=value) for at, text in rules]
    end = cells.report["end"]
    mark = {"align": "right", "dy": -4, "baseline": "bottom"}
    return [
        vega.text([{"at": end, "value": at, "text": text}], mark, x=place, y=value)
        for at, text in rules
    ]


def swap_rules(swaps: Sequence[Swap], place: Spec) -> list[Spec]:
    """A line at each swap of the model, with the beginning of the new model's hash."""
    mark = {"type": "rule", "color": INK, "strokeWidth": 2, "strokeDash": [2, 2]}
    layers = []
    for number, swap in enumerate(swaps):
        row = {"at": swap.at, "text": swap.model}
        above = {**ABOVE, "y": LINES_OF_HASHES[number % len(LINES_OF_HASHES)]}
        layers += [vega.layer(mark, [row], x=place), vega.text([row], above, x=place)]
    return layers
