"""The colours of all pages and charts, for light, dark and forced colours.

A colour is a CSS variable, so that the browser chooses its value: for the light or the dark scheme,
which a person may change at any time, for print, and for the few colours of a high-contrast mode.
Texts have a contrast of 4.5 : 1 or more with the paper and the panel, graphics one of 3 : 1.
"""

from dataclasses import asdict, dataclass, fields
from functools import cache


@dataclass(frozen=True)
class Palette:
    """Colours by their meaning.

    Attributes:
        ink: texts.
        paper: the background of pages.
        panel: the background of cards and fields.
        grey: texts of less weight, axes, borders.
        pale: lines of a grid, the empty part of a bar.
        favour: in the client's favour; accepted; clients who paid.
        against: against the client; refused; clients who did not pay.
        on_colour: texts over `favour` and `against`.
        favour_panel: the background of texts in the client's favour.
        against_panel: the background of texts against the client.
        focus: the outline of the control that has the keyboard.
    """

    ink: str
    paper: str
    panel: str
    grey: str
    pale: str
    favour: str
    against: str
    on_colour: str
    favour_panel: str
    against_panel: str
    focus: str


LIGHT = Palette(
    ink="#1c2430",
    paper="#ffffff",
    panel="#f1f4f8",
    grey="#5a6472",
    pale="#dfe6ee",
    favour="#0b5cad",
    against="#a84300",
    on_colour="#ffffff",
    favour_panel="#e6f0fa",
    against_panel="#fbeee5",
    focus="#a84300",
)
DARK = Palette(
    ink="#e8edf3",
    paper="#11161d",
    panel="#1c242e",
    grey="#a3afbd",
    pale="#333f4d",
    favour="#74b5f8",
    against="#ff9f68",
    on_colour="#11161d",
    favour_panel="#17304a",
    against_panel="#42281a",
    focus="#ffb257",
)
FORCED = Palette(
    ink="CanvasText",
    paper="Canvas",
    panel="Canvas",
    grey="CanvasText",
    pale="GrayText",
    favour="LinkText",
    against="CanvasText",
    on_colour="Canvas",
    favour_panel="Canvas",
    against_panel="Canvas",
    focus="Highlight",
)


@cache
def palette() -> Palette:
    """The colours as CSS variables."""
    return Palette(**{each.name: f"var({variable(each.name)})" for each in fields(Palette)})


def variable(name: str) -> str:
    """The name of a colour's CSS variable."""
    return f"--desk-{name.replace('_', '-')}"


def variables(colours: Palette) -> str:
    """CSS that gives each variable its colour."""
    return ";".join(f"{variable(name)}:{value}" for name, value in asdict(colours).items())
