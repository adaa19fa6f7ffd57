"""Vega-Lite's grammar: layers, channels and the colours of all charts.

Colours are CSS variables: Streamlit draws charts as SVG, and the browser gives them the colours of
the scheme in use.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.appearance.palette import palette

Spec = dict[str, Any]
Row = Mapping[str, Any]
BLUE, ORANGE = palette().favour, palette().against
INK, GREY, PALE, PAPER = palette().ink, palette().grey, palette().pale, palette().paper
CONFIG: Spec = {
    "background": "transparent",
    "view": {"stroke": None},
    "font": '"Source Sans", sans-serif',  # the pages' own
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "gridColor": PALE,
        "domainColor": GREY,
        "tickColor": GREY,
        "labelLimit": 320,
        "labelFlush": False,
        "labelOverlap": "parity",
        "labelSeparation": 8,
    },
    "legend": {
        "labelColor": INK,
        "labelFontSize": 13,
        "symbolStrokeWidth": 2,
        "orient": "bottom",
        "labelLimit": 320,
    },
    "text": {"color": INK, "fontSize": 13},
}


@dataclass(frozen=True)
class ClassLegend:
    """The legend of the two classes: the clients who paid and those who did not."""

    paid: str
    unpaid: str

    @property
    def colour(self) -> Spec:
        """Blue and orange."""
        return self._channel([BLUE, ORANGE])

    @property
    def fill(self) -> Spec:
        """Filled and empty bars."""
        return self._channel([BLUE, PAPER])

    @property
    def dash(self) -> Spec:
        """Solid and dashed lines."""
        return self._channel([[1, 0], [6, 4]])

    @property
    def shape(self) -> Spec:
        """Circles and triangles."""
        return self._channel(["circle", "triangle-up"])

    def _channel(self, values: Sequence[Any]) -> Spec:
        return legend("class", [self.paid, self.unpaid], values)


def legend(field: str, names: Sequence[str], values: Sequence[Any]) -> Spec:
    """A channel that gives each name of a field its colour, dash or shape."""
    scale = {"domain": list(names), "range": list(values)}
    return {"field": field, "type": "nominal", "title": None, "scale": scale}


def chart(*layers: Spec, height: int = 260) -> Spec:
    """Layers over each other; an axis takes the title of the first layer that has one."""
    for axis in "xy":
        channels = [each["encoding"][axis] for each in layers if axis in each["encoding"]]
        title = next((each["title"] for each in channels if each["title"]), None)
        for channel in channels:
            channel["title"] = title
    return {"height": height, "config": CONFIG, "layer": list(layers)}


def layer(mark: Spec, rows: Iterable[Row], **encoding: Spec) -> Spec:
    """One mark for each row."""
    return {"mark": mark, "data": {"values": list(map(dict, rows))}, "encoding": encoding}


def text(rows: Iterable[Row], mark: Spec | None = None, **encoding: Spec) -> Spec:
    """The `text` of each row."""
    return layer({"type": "text", **(mark or {})}, rows, text={"field": "text"}, **encoding)


def rule(axis: str, value: float, dashed: bool = True) -> Spec:
    """A straight line across the chart, at a value of one axis."""
    dash = [6, 3] if dashed else [1, 0]
    mark = {"type": "rule", "color": INK, "strokeWidth": 2, "strokeDash": dash}
    return layer(mark, [{axis: value}], **{axis: number(axis)})


def number(field: str, title: str | None = None, **more: Any) -> Spec:
    """A channel of numbers."""
    return {"field": field, "type": "quantitative", "title": title, **more}


def share(field: str, title: str | None = None, **more: Any) -> Spec:
    """A channel of shares between 0 and 1, written in percent."""
    return number(field, title, **more, axis={"format": ".0%"})


def name(field: str = "name", **more: Any) -> Spec:
    """A channel of names, in the order of the rows."""
    return {"field": field, "type": "nominal", "title": None, "sort": None, **more}


def side_by_side(field: str) -> Spec:
    """An offset that puts the names of a field beside each other."""
    return {"field": field, "type": "nominal", "sort": None}
