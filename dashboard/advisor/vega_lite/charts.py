"""Charts as Vega-Lite specifications, readable without their colours.

Blue stands for the clients who paid and for effects in the client's favour; dark orange for the
clients who did not pay and for effects against the client. Both have a contrast of 4.5 : 1 with
the page. Form and labels repeat every distinction: lines are solid or dashed, points are circles or
triangles, and each bar has its name and number beside it.
"""

from collections.abc import Sequence
from typing import Any, Literal

from advisor.vega_lite import vega
from advisor.vega_lite.vega import BLUE, GREY, INK, PAPER, ClassLegend, Row, Spec

ROW_HEIGHT, AXIS_HEIGHT, LEGEND_HEIGHT = 30, 50, 40  # pixels
PERCENT = ".0%"
ABOVE = {"y": -8, "baseline": "bottom"}  # a text over the chart
Interpolation = Literal["step-after", "step-before", "linear"]
Labelled = tuple[float, str]  # a value on an axis and its text


def paired_bars(rows: Sequence[Row], title: str, filled: str, outlined: str) -> Spec:
    """Two bars for each name; rows have `name`, `series` (one of the two) and `share`."""
    return vega.chart(
        vega.layer(
            {"type": "bar", "stroke": BLUE, "strokeWidth": 1.5},
            rows,
            y=vega.name(),
            yOffset=vega.side_by_side("series"),
            x=vega.share("share", title),
            color=vega.legend("series", [filled, outlined], [BLUE, PAPER]),
        ),
        height=ROW_HEIGHT * len(rows) + AXIS_HEIGHT + LEGEND_HEIGHT,
    )


def class_bars(rows: Sequence[Row], title: str, legend: ClassLegend) -> Spec:
    """Bars of shares by category and class; rows have `name`, `class` and `share`."""
    return vega.chart(
        vega.layer(
            {"type": "bar", "strokeWidth": 2},
            rows,
            y=vega.name(),
            yOffset=vega.side_by_side("class"),
            x=vega.share("share", title),
            fill=legend.fill,
            stroke=legend.colour,
        ),
        height=ROW_HEIGHT * len(rows) + AXIS_HEIGHT + LEGEND_HEIGHT,
    )


def density(
    rows: Sequence[Row], titles: tuple[str, str], legend: ClassLegend, own: float | None, text: str
) -> Spec:
    """A line of `share` over `x` for each `class`, and a rule at the client's own value."""
    layers = [
        vega.layer(
            {"type": "line", "strokeWidth": 2.5, "interpolate": "monotone"},
            rows,
            x=vega.number("x", titles[0], scale={"zero": False}),
            y=vega.share("share", titles[1]),
            color=legend.colour,
            strokeDash=legend.dash,
        )
    ]
    if own is not None:
        mark = {**ABOVE, "fontWeight": "bold"}
        layers.append(vega.rule("x", own, dashed=False))
        layers.append(vega.text([{"x": own, "text": text}], mark, x=vega.number("x")))
    return vega.chart(*layers)


def scatter(
    rows: Sequence[Row],
    titles: tuple[str, str],
    legend: ClassLegend,
    own: tuple[Any, Any] | None,
    text: str,
    are_numbers: tuple[bool, bool],
) -> Spec:
    """Points of two features by class, and the client's own as a large cross with its name.

    Rows have `x`, `y` and `class`; each axis is of numbers or of categories.
    """
    x, y = (
        vega.number(axis, title, scale={"zero": False})
        if is_number
        else vega.name(axis, title=title, axis={"labelAngle": 0})
        for axis, title, is_number in zip("xy", titles, are_numbers, strict=True)
    )
    offsets = {
        f"{axis}Offset": vega.side_by_side("class")
        for axis, is_number in zip("xy", are_numbers, strict=True)
        if not is_number
    }
    points = {"type": "point", "size": 45, "opacity": 0.8, "filled": False}
    channels = {"x": x, "y": y, "color": legend.colour, "shape": legend.shape, **offsets}
    layers = [vega.layer(points, rows, **channels)]
    if own is not None:
        cross = {"type": "point", "shape": "cross", "size": 420, "color": INK, "filled": True}
        row = {"x": own[0], "y": own[1], "text": text}
        layers.append(vega.layer({**cross, "stroke": PAPER, "strokeWidth": 2}, [row], x=x, y=y))
        layers += readable_text(row, -18, x, y)
    return vega.chart(*layers, height=380)


def readable_text(row: Row, dy: int, x: Spec, y: Spec) -> list[Spec]:
    """A row's `text`, `dy` pixels below its point, with a halo over other marks."""
    mark, halo = {"dy": dy, "fontWeight": "bold"}, {"stroke": PAPER, "strokeWidth": 4}
    return [vega.text([row], {**mark, **more}, x=x, y=y) for more in (halo, {})]


def ice_curve(
    rows: Sequence[Row],
    titles: tuple[str, str],
    threshold: Labelled,
    marks: Sequence[Row],
    interpolate: Interpolation,
) -> Spec:
    """A score in steps or on a line, a rule at the threshold, and points with their texts.

    Rows have `x` and `y`; marks also have `text`. Steps hold after their row, or before it on an
    axis whose sign is turned. The rule has its text at the end that is further from the last mark.
    """
    x = vega.number("x", titles[0], scale={"zero": False})
    y = vega.number("y", titles[1], scale={"zero": False}, axis={"tickCount": 5})
    steps = {"type": "line", "interpolate": interpolate, "strokeWidth": 2.5, "color": BLUE}
    limit, text = threshold
    left, right = min(row["x"] for row in rows), max(row["x"] for row in rows)
    is_left = bool(marks) and 2 * marks[-1]["x"] > left + right
    label = {"align": "left" if is_left else "right", "dy": -6, "baseline": "bottom"}
    point = {"type": "point", "filled": True, "size": 130, "color": INK}
    end = {"x": left if is_left else right, "y": limit, "text": text}
    return vega.chart(
        vega.layer(steps, rows, x=x, y=y),
        vega.rule("y", limit),
        vega.text([end], label, x=x, y=y),
        vega.layer(point, marks, x=x, y=y),
        *(
            each
            for mark, dy in zip(sorted(marks, key=height), (20, -16)[-len(marks) :], strict=False)
            for each in readable_text(mark, dy, x, y)
        ),
        height=230,
    )


def height(mark: Row) -> float:
    """The place of a mark on the axis of scores: of two, the lower one has its text below it."""
    return float(mark["y"])


def calibration(rows: Sequence[Row], titles: tuple[str, str]) -> Spec:
    """Expected (`x`) against observed (`y`) shares of defaults, and the line of equality."""
    most = max(max(row["x"], row["y"]) for row in rows)
    x, y = vega.share("x", titles[0]), vega.share("y", titles[1])
    ends = [{"x": 0, "y": 0}, {"x": most, "y": most}]
    equal = {"type": "line", "color": GREY, "strokeDash": [6, 3]}
    point = {"type": "point", "filled": True, "size": 80, "color": BLUE}
    return vega.chart(
        vega.layer(equal, ends, x=x, y=y), vega.layer(point, rows, x=x, y=y), height=320
    )
