"""The grammar of pictures: layers, channels and colours, as Vega-Lite has them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]
Row = Mapping[str, Any]
BLUE, ORANGE, INK, GREY, PALE = "#0b5cad", "#a84300", "#1c2430", "#5a6472", "#dfe6ee"
CONFIG: Spec = {
    "background": "#ffffff",
    "view": {"stroke": None},
    "font": "sans-serif",
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
    "legend": {"labelColor": INK, "labelFontSize": 13, "symbolStrokeWidth": 2, "orient": "bottom"},
    "text": {"color": INK, "fontSize": 13},
}


@dataclass(frozen=True)
class Pair:
    """What the two classes are called in a legend."""

    paid: str
    unpaid: str

    @property
    def colour(self) -> Spec:
        """The colours of the two."""
        scale = {"domain": [self.paid, self.unpaid], "range": [BLUE, ORANGE]}
        return {"field": "class", "type": "nominal", "title": None, "scale": scale}

    @property
    def fill(self) -> Spec:
        """Filled and empty."""
        scale = {"domain": [self.paid, self.unpaid], "range": [BLUE, "#ffffff"]}
        return {"field": "class", "type": "nominal", "title": None, "scale": scale}

    @property
    def dash(self) -> Spec:
        """Solid and dashed."""
        scale = {"domain": [self.paid, self.unpaid], "range": [[1, 0], [6, 4]]}
        return {"field": "class", "type": "nominal", "title": None, "scale": scale}

    @property
    def shape(self) -> Spec:
        """Circles and triangles."""
        scale = {"domain": [self.paid, self.unpaid], "range": ["circle", "triangle-up"]}
        return {"field": "class", "type": "nominal", "title": None, "scale": scale}


def figure(*layers: Spec, height: int = 260) -> Spec:
    """Layers over each other, each with its own data; an axis has the title of its first layer."""
    for axis in "xy":
        channels = [each["encoding"][axis] for each in layers if axis in each["encoding"]]
        title = next((each["title"] for each in channels if each["title"]), None)
        for channel in channels:
            channel["title"] = title
    return {"height": height, "config": CONFIG, "layer": list(layers)}


def layer(mark: Spec, rows: Iterable[Row], **encoding: Spec) -> Spec:
    """One mark for each row."""
    return {"mark": mark, "data": {"values": list(map(dict, rows))}, "encoding": encoding}


def label(rows: Iterable[Row], mark: Spec | None = None, **encoding: Spec) -> Spec:
    """The `text` of each row."""
    return layer({"type": "text", **(mark or {})}, rows, text={"field": "text"}, **encoding)


def line(field: str, place: float, width: int = 2, dashed: bool = True, **encoding: Spec) -> Spec:
    """A line across, at a place of a channel."""
    dash = [6, 3] if dashed else [1, 0]
    mark = {"type": "rule", "color": INK, "strokeWidth": width, "strokeDash": dash}
    return layer(mark, [{field: place}], **{field: number(field)}, **encoding)


def number(field: str, title: str | None = None, **more: Any) -> Spec:
    """A channel of numbers."""
    return {"field": field, "type": "quantitative", "title": title, **more}


def name(field: str = "name", **more: Any) -> Spec:
    """A channel of names, in the order of the rows."""
    return {"field": field, "type": "nominal", "title": None, "sort": None, **more}
