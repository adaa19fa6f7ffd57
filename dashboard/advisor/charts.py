"""Charts as Vega-Lite specifications, readable without their colours.

Blue stands for the clients who paid and for effects in the client's favour; dark orange for the
clients who did not pay and for effects against the client. Both have a contrast of 4.5 : 1 on
white. Form and labels repeat every distinction: lines are solid or dashed, points are circles or
triangles, and each bar has its name and number beside it.
"""

from collections.abc import Sequence
from typing import Any, Literal

from advisor import vega
from advisor.vega import BLUE, GREY, INK, ORANGE, PALE, WHITE, ClassLegend, Row, Spec

ROW_HEIGHT, AXIS_HEIGHT, LEGEND_HEIGHT = 30, 50, 40  # pixels
PERCENT, DECIMALS = ".0%", ".2f"
ABOVE = {"y": -8, "baseline": "bottom"}  # a text over the chart
Interpolation = Literal["step-after", "step-before", "linear"]
Labelled = tuple[float, str]  # a value on an axis and its text


def gauge(value: Labelled, limit: Labelled, title: str, form: str) -> Spec:
    """A bar as long as a share, and a rule at the limit from which an application is refused."""
    end = min(1.0, 1.35 * max(value[0], limit[0], 0.01))
    axis = {"format": form, "grid": False, "tickCount": 6}
    x = vega.number("x", title, scale={"domain": [0, end]}, axis=axis)
    y = vega.number("y", scale={"domain": [0, 1]}, axis=None)
    top = {"field": "top"}

    def bar(colour: str, end: float, low: float, high: float) -> Spec:
        row = {"start": 0, "x": end, "y": low, "top": high}
        ends: Spec = {"x2": {"field": "start"}, "y2": top}
        return vega.layer({"type": "rect", "color": colour}, [row], x=x, y=y, **ends)

    return vega.chart(
        bar(PALE, end, 0.3, 0.7),
        bar(ORANGE if value[0] >= limit[0] else BLUE, value[0], 0.37, 0.63),
        vega.layer(
            {"type": "rule", "color": INK, "strokeWidth": 3, "strokeDash": [6, 3]},
            [{"x": limit[0], "y": 0.22, "top": 0.78}],
            x=x,
            y=y,
            y2=top,
        ),
        vega.text([{"x": limit[0], "y": 0.9, "text": limit[1]}], x=x, y=y),
        vega.text([{"x": value[0], "y": 0.12, "text": value[1]}], {"fontWeight": "bold"}, x=x, y=y),
        height=150,
    )


def share_bars(rows: Sequence[Row], title: str) -> Spec:
    """Bars of shares, one below the other; rows have `name`, `share` and `text`."""
    x = vega.share("share", title, scale={"domain": [0, 1]})
    return vega.chart(
        vega.layer({"type": "bar", "color": BLUE}, rows, y=vega.name(), x=x),
        vega.text(rows, {"align": "left", "dx": 4}, y=vega.name(), x=vega.number("share")),
        height=ROW_HEIGHT * len(rows) + AXIS_HEIGHT,
    )


def waterfall(rows: Sequence[Row], title: str, threshold: float | None, text: str) -> Spec:
    """Bars from `start` to `end`, one below the other, and a rule at the threshold.

    Rows also have `name`, `text` and `kind`: up, down or total.
    """
    scale = {"domain": ["up", "down", "total"], "range": [ORANGE, BLUE, GREY]}
    colour = {"field": "kind", "type": "nominal", "legend": None, "scale": scale}
    x = vega.number("start", title, scale={"zero": False})
    ends = [{**row, "right": max(row["start"], row["end"])} for row in rows]
    totals = [row for row in rows if row["kind"] == "total"]
    tick = {"type": "tick", "thickness": 3, "color": INK}
    layers = [
        vega.layer({"type": "bar"}, rows, y=vega.name(), x=x, x2={"field": "end"}, color=colour),
        vega.layer(tick, totals, y=vega.name(), x=vega.number("end")),
        vega.text(ends, {"align": "left", "dx": 4}, y=vega.name(), x=vega.number("right")),
    ]
    if threshold is not None:  # the bars are drawn over the rule, its name over the chart
        layers.insert(1, vega.rule("x", threshold))
        layers.append(vega.text([{"x": threshold, "text": text}], ABOVE, x=vega.number("x")))
    return vega.chart(*layers, height=ROW_HEIGHT * len(rows) + AXIS_HEIGHT)


def paired_bars(rows: Sequence[Row], title: str, filled: str, outlined: str) -> Spec:
    """Two bars for each name; rows have `name`, `series` (one of the two) and `share`."""
    return vega.chart(
        vega.layer(
            {"type": "bar", "stroke": BLUE, "strokeWidth": 1.5},
            rows,
            y=vega.name(),
            yOffset=vega.side_by_side("series"),
            x=vega.share("share", title),
            color=vega.legend("series", [filled, outlined], [BLUE, WHITE]),
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
        layers.append(vega.layer({**cross, "stroke": WHITE, "strokeWidth": 2}, [row], x=x, y=y))
        layers += readable_text(row, -18, x, y)
    return vega.chart(*layers, height=380)


def readable_text(row: Row, dy: int, x: Spec, y: Spec) -> list[Spec]:
    """A row's `text`, `dy` pixels below its point, with a white halo over other marks."""
    mark, halo = {"dy": dy, "fontWeight": "bold"}, {"stroke": WHITE, "strokeWidth": 4}
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
    axis whose sign is turned.
    """
    x = vega.number("x", titles[0], scale={"zero": False})
    y = vega.number("y", titles[1], scale={"zero": False}, axis={"format": DECIMALS})
    steps = {"type": "line", "interpolate": interpolate, "strokeWidth": 2.5, "color": BLUE}
    limit, text = threshold
    right = max(row["x"] for row in rows)
    label = {"align": "right", "dy": -6, "baseline": "bottom"}
    point = {"type": "point", "filled": True, "size": 130, "color": INK}
    return vega.chart(
        vega.layer(steps, rows, x=x, y=y),
        vega.rule("y", limit),
        vega.text([{"x": right, "y": limit, "text": text}], label, x=x, y=y),
        vega.layer(point, marks, x=x, y=y),
        *(
            each
            for mark, dy in zip(marks, (20, -16), strict=False)
            for each in readable_text(mark, dy, x, y)
        ),
        height=320,
    )


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
