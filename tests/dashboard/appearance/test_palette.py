"""The palette: contrasts of each scheme, and the same colours in Streamlit's settings."""

import re
import tomllib
from dataclasses import fields
from typing import Any

import pytest

from advisor.appearance.palette import DARK, LIGHT, Palette, palette, variable
from advisor.appearance.style import STYLE
from tests.support.servers.server import ROOT

SETTINGS = ROOT / "dashboard/.streamlit/config.toml"
HEX = re.compile("#[0-9a-f]{6}")
TEXT, GRAPHIC = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
PAIRS = [
    *((text, ground, TEXT) for text in ("ink", "grey") for ground in ("paper", "panel")),
    *((text, "paper", TEXT) for text in ("favour", "against")),
    *((text, "panel", TEXT) for text in ("favour", "against")),
    ("on_colour", "favour", TEXT),
    ("on_colour", "against", TEXT),
    ("ink", "favour_panel", TEXT),
    ("ink", "against_panel", TEXT),
    ("favour", "favour_panel", TEXT),
    ("against", "against_panel", TEXT),
    ("focus", "paper", GRAPHIC),
    ("focus", "panel", GRAPHIC),
]
SCHEMES = {"light": LIGHT, "dark": DARK}


def luminance(colour: str) -> float:
    """The relative luminance of WCAG."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG."""
    low, high = sorted(map(luminance, (first, second)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_of_black_and_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize(("first", "second", "least"), PAIRS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_pair_can_be_told_apart(scheme: str, first: str, second: str, least: float):
    colours = SCHEMES[scheme]
    assert contrast(getattr(colours, first), getattr(colours, second)) >= least


@pytest.mark.parametrize("scheme", SCHEMES)
def test_streamlit_has_the_same_colours(scheme: str):
    theme: dict[str, Any] = tomllib.loads(SETTINGS.read_text())["theme"][scheme]
    colours = SCHEMES[scheme]
    assert theme["backgroundColor"] == colours.paper
    assert theme["secondaryBackgroundColor"] == colours.panel
    assert theme["textColor"] == colours.ink
    assert theme["primaryColor"] == theme["linkColor"] == colours.favour
    assert contrast(theme["borderColor"], colours.paper) >= GRAPHIC


def test_each_colour_is_a_variable_of_each_scheme():
    for each in fields(Palette):
        name = variable(each.name)
        assert getattr(palette(), each.name) == f"var({name})"
        assert STYLE.count(f"{name}:") == 4  # light, dark, forced colours, print


def test_no_other_file_has_a_colour():
    """A letter is paper: dark on white in every scheme."""
    files = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "dashboard").rglob("*.py")
        if HEX.search(file.read_text("utf-8"))
    }
    assert files <= {
        "dashboard/advisor/appearance/palette.py",
        "dashboard/advisor/paper.py",
    }
