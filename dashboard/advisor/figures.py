"""Pictures, as Vega-Lite specifications. They say by form and label what they say by colour.

What counts for the client, or is of those who paid, is blue; what counts against, or is of those
who did not pay, is dark orange. Both have 4.5 : 1 on white. Lines are solid and dashed, points are
circles and triangles, and bars have their names and numbers beside them.
"""

from collections.abc import Sequence
from typing import Any

from advisor.vega import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    Pair,
    Row,
    Spec,
    figure,
    label,
    layer,
    line,
    name,
    number,
)

ROW_HEIGHT = 30  # pixels
AXIS, LEGEND = 50, 40
PERCENT, DECIMALS = ".0%", ".2f"
Place = tuple[float, str]  # on an axis, and what is written there


def gauge(place: Place, boundary: Place, title: str, form: str) -> Spec:
    """A bar as long as a share, and a line at the limit up to which it is accepted."""
    (share, text), (limit, limit_text) = place, boundary
    end = min(1.0, 1.35 * max(share, limit, 0.01))
    x = number(
        "x",
        title,
        scale={"domain": [0, end]},
        axis={"format": form, "grid": False, "tickCount": 6},
    )
    y = number("y", scale={"domain": [0, 1]}, axis=None)
    colour = ORANGE if share >= limit else BLUE

    def bar(colour: str, end: float, low: float, high: float) -> Spec:
        row = {"start": 0, "x": end, "y": low, "top": high}
        ends: Spec = {"x2": {"field": "start"}, "y2": {"field": "top"}}
        return layer({"type": "rect", "color": colour}, [row], x=x, y=y, **ends)

    return figure(
        bar(PALE, end, 0.3, 0.7),
        bar(colour, share, 0.37, 0.63),
        layer(
            {"type": "rule", "color": INK, "strokeWidth": 3, "strokeDash": [6, 3]},
            [{"x": limit, "y": 0.22, "top": 0.78}],
            x=x,
            y=y,
            y2={"field": "top"},
        ),
        label([{"x": limit, "y": 0.9, "text": limit_text}], x=x, y=y),
        label([{"x": share, "y": 0.12, "text": text}], {"fontWeight": "bold"}, x=x, y=y),
        height=150,
    )


def shares(rows: Sequence[Row], title: str) -> Spec:
    """Bars of shares, one below the other; rows have `name`, `share` and `text`."""
    x = number("share", title, scale={"domain": [0, 1]}, axis={"format": ".0%"})
    return figure(
        layer({"type": "bar", "color": BLUE}, rows, y=name(), x=x),
        label(rows, {"align": "left", "dx": 4}, y=name(), x=number("share")),
        height=ROW_HEIGHT * len(rows) + AXIS,
    )


def waterfall(rows: Sequence[Row], title: str, threshold: float | None, text: str) -> Spec:
    """Bars from `start` to `end`, one below the other, and a line at the threshold.

    Rows have also `name`, `text` and `kind`: up, down or total.
    """
    colour = {
        "field": "kind",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": ["up", "down", "total"], "range": [ORANGE, BLUE, GREY]},
    }
    x = number("start", title, scale={"zero": False})
    ends = [{**row, "right": max(row["start"], row["end"])} for row in rows]
    totals = [row for row in rows if row["kind"] == "total"]
    tick = {"type": "tick", "thickness": 3, "color": INK}
    layers = [
        layer({"type": "bar"}, rows, y=name(), x=x, x2={"field": "end"}, color=colour),
        layer(tick, totals, y=name(), x=number("end")),
        label(ends, {"align": "left", "dx": 4}, y=name(), x=number("right")),
    ]
    if threshold is not None:  # below the bars, and named above them
        mark = {"y": -8, "baseline": "bottom"}
        layers.insert(1, line("x", threshold))
        layers.append(label([{"x": threshold, "text": text}], mark, x=number("x")))
    return figure(*layers, height=ROW_HEIGHT * len(rows) + AXIS)


def beside(rows: Sequence[Row], title: str, filled: str, outlined: str) -> Spec:
    """Two bars for each name: rows have `name`, `series` (one of the two) and `share`."""
    series = [filled, outlined]
    encoding = {
        "y": name(),
        "yOffset": {"field": "series", "type": "nominal", "sort": None},
        "x": number("share", title, axis={"format": ".0%"}),
        "color": {
            "field": "series",
            "type": "nominal",
            "title": None,
            "scale": {"domain": series, "range": [BLUE, "#ffffff"]},
        },
    }
    bar = {"type": "bar", "stroke": BLUE, "strokeWidth": 1.5}
    return figure(layer(bar, rows, **encoding), height=ROW_HEIGHT * len(rows) + AXIS + LEGEND)


def classes(rows: Sequence[Row], title: str, pair: Pair) -> Spec:
    """Bars of shares by category and class; rows have `name`, `class` and `share`.

    Those of who paid are filled, the others outlined.
    """
    return figure(
        layer(
            {"type": "bar", "strokeWidth": 2},
            rows,
            y=name(),
            yOffset={"field": "class", "type": "nominal", "sort": None},
            x=number("share", title, axis={"format": ".0%"}),
            fill=pair.fill,
            stroke=pair.colour,
        ),
        height=ROW_HEIGHT * len(rows) + AXIS + LEGEND,
    )


def density(
    rows: Sequence[Row], titles: tuple[str, str], pair: Pair, place: float | None, text: str
) -> Spec:
    """Two lines of `share` over `x` by `class`, and a line at the client's place."""
    x = number("x", titles[0], scale={"zero": False})
    layers = [
        layer(
            {"type": "line", "strokeWidth": 2.5, "interpolate": "monotone"},
            rows,
            x=x,
            y=number("share", titles[1], axis={"format": ".0%"}),
            color=pair.colour,
            strokeDash=pair.dash,
        )
    ]
    if place is not None:
        layers += marked(place, text)
    return figure(*layers)


def marked(place: float, text: str) -> list[Spec]:
    """A vertical line with its label above."""
    return [
        line("x", place, dashed=False),
        label(
            [{"x": place, "text": text}],
            {"y": -8, "baseline": "bottom", "fontWeight": "bold"},
            x=number("x"),
        ),
    ]


def points(
    rows: Sequence[Row],
    titles: tuple[str, str],
    pair: Pair,
    place: tuple[Any, Any] | None,
    text: str,
    are_numbers: tuple[bool, bool],
) -> Spec:
    """Points of two features by class, and the client's as a large cross with its name.

    An axis is of numbers or of categories.
    """
    x, y = (
        number(field, title, scale={"zero": False})
        if is_number
        else name(field, title=title, axis={"labelAngle": 0})
        for field, title, is_number in zip("xy", titles, are_numbers, strict=True)
    )
    apart = {
        f"{field}Offset": {"field": "class", "type": "nominal", "sort": None}
        for field, is_number in zip("xy", are_numbers, strict=True)
        if not is_number
    }
    layers = [
        layer(
            {"type": "point", "size": 45, "opacity": 0.8, "filled": False},
            rows,
            x=x,
            y=y,
            color=pair.colour,
            shape=pair.shape,
            **apart,
        )
    ]
    if place is not None:
        cross = {"type": "point", "shape": "cross", "size": 420, "color": INK, "filled": True}
        at = {**dict(zip("xy", place, strict=True)), "text": text}
        layers.append(layer({**cross, "stroke": "#ffffff", "strokeWidth": 2}, [at], x=x, y=y))
        layers += named(at, -18, x, y)
    return figure(*layers, height=380)


def named(row: Row, dy: int, x: Spec, y: Spec) -> list[Spec]:
    """The `text` of a place, so far above or below it, readable over whatever is there."""
    mark, halo = {"dy": dy, "fontWeight": "bold"}, {"stroke": "#ffffff", "strokeWidth": 4}
    return [label([row], {**mark, **more}, x=x, y=y) for more in (halo, {})]


def curve(
    rows: Sequence[Row], titles: tuple[str, str], threshold: tuple[float, str], marks: Sequence[Row]
) -> Spec:
    """A score that changes in steps, the threshold, and places with `x`, `y` and `text` on it."""
    x = number("x", titles[0], scale={"zero": False})
    y = number("y", titles[1], scale={"zero": False}, axis={"format": DECIMALS})
    limit, text = threshold
    right = max(row["x"] for row in rows)
    return figure(
        layer(
            {"type": "line", "interpolate": "step-after", "strokeWidth": 2.5, "color": BLUE},
            rows,
            x=x,
            y=y,
        ),
        line("y", limit),
        label(
            [{"x": right, "y": limit, "text": text}],
            {"align": "right", "dy": -6, "baseline": "bottom"},
            x=x,
            y=y,
        ),
        layer({"type": "point", "filled": True, "size": 130, "color": INK}, marks, x=x, y=y),
        *(
            each
            for mark, dy in zip(marks, (20, -16), strict=False)
            for each in named(mark, dy, x, y)
        ),
        height=320,
    )


def calibration(rows: Sequence[Row], titles: tuple[str, str]) -> Spec:
    """What was expected (`x`) against what came (`y`), and the line on which both are equal."""
    most = max(max(row["x"], row["y"]) for row in rows)
    x, y = (
        number(field, title, axis={"format": ".0%"})
        for field, title in zip("xy", titles, strict=True)
    )
    ends = [{"x": 0, "y": 0}, {"x": most, "y": most}]
    equal = {"type": "line", "color": GREY, "strokeDash": [6, 3]}
    return figure(
        layer(equal, ends, x=x, y=y),
        layer({"type": "point", "filled": True, "size": 80, "color": BLUE}, rows, x=x, y=y),
        height=320,
    )
