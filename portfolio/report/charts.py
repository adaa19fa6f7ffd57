"""Charts as SVG elements of a page, with text as text and a name for screen readers."""

import io
import re
import warnings
from collections.abc import Sequence
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

NEW, LIGHT, REFERENCE, MARK = "#1f5a91", "#9dbcdc", "#9a9a9a", "#b3261e"
STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
WIDTH = 8.0  # inches
BAR_HEIGHT = 0.34  # inches


def step_chart(
    shares: tuple[NDArray[np.float64], NDArray[np.float64]], mark: float, alt: str
) -> str:
    """Draw shares of clients by interval of the score, in intervals of equal width from 0 to 1.

    Args:
        shares: of new and of reference clients, each of shape (intervals,).
        mark: the decision threshold, drawn as a line.
        alt: description of the chart.
    """
    new, reference = shares
    edges = np.linspace(0, 1, len(new) + 1)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
        axes = figure.subplots()
        axes.stairs(
            100 * reference, edges, fill=True, color=REFERENCE, alpha=0.6, label="reference"
        )
        axes.stairs(100 * new, edges, color=NEW, linewidth=1.8, label="scored")
        axes.axvline(mark, color=MARK, linestyle="--", linewidth=1.2, label="threshold")
        axes.set(xlabel="probability by the model", ylabel="% of clients", xlim=(0, 1))
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False)
        return svg_element(figure, alt)


def column_chart(names: Sequence[str], shares: Sequence[float], alt: str) -> str:
    """Draw a share for each name, as a column with its value."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
        axes = figure.subplots()
        bars = axes.bar(range(len(names)), [100 * share for share in shares], color=NEW)
        axes.bar_label(bars, fmt="%.1f", padding=2)
        axes.set_xticks(range(len(names)), [plain_label(name) for name in names])
        axes.set(ylabel="% of clients")
        axes.margins(y=0.12)
        return svg_element(figure, alt)


def bar_chart(
    names: Sequence[str], values: Sequence[Sequence[float]], labels: Sequence[str], unit: str,
    alt: str, marks: Sequence[float] = (),
) -> str:  # fmt: skip
    """Draw horizontal bars, the first name at the top.

    Args:
        names: of the bars.
        values: for each label a value of each name, stacked.
        labels: of the values, shown if there are several.
        unit: of the values.
        alt: description of the chart.
        marks: a value for each name to compare its bar with.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 0.9 + BAR_HEIGHT * len(names)), layout="constrained")
        axes = figure.subplots()
        at, left = np.arange(len(names)), np.zeros(len(names))
        for rank, (label, row) in enumerate(zip(labels, values, strict=True)):
            axes.barh(
                at, row, left=left, color=LIGHT if len(marks) else NEW,
                alpha=1 - rank / (len(labels) + 1), label=label, height=0.7,
            )  # fmt: skip
            left = left + np.asarray(row)
        if len(marks):
            axes.plot(marks, at, "|", color=MARK, markersize=14, markeredgewidth=2,
                      label="by chance")  # fmt: skip
        axes.set_yticks(at, [plain_label(name) for name in names])
        axes.invert_yaxis()
        axes.set(xlabel=unit)
        if len(labels) > 1 or len(marks):
            figure.legend(frameon=False, loc="outside upper right", ncols=max(2, len(labels)))
        return svg_element(figure, alt)


def plain_label(name: str) -> str:
    """Shorten a name to a line, and keep matplotlib from reading a formula in it."""
    return (name if len(name) <= 48 else f"{name[:47]}…").replace("$", r"\$")


def svg_element(figure: Figure, alt: str) -> str:
    """Write a figure as an element of a page, with its name for screen readers."""
    file = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": alt}), warnings.catch_warnings():  # ids unique in a page
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing")  # the browser has other fonts
        figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r' id="[A-Za-z][\w.]*_\d+"', "", text)  # of groups: each figure has the same ones
    text = re.sub(r"font-family: [^;\"]*", "font-family: inherit", text)
    size = re.search(r'viewBox="[^"]*"', text)
    start = text.index(">") + 1
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' {size.group() if size else ""} role="img" aria-label="{escape(alt)}">'
        f"<title>{escape(alt)}</title>{text[start:]}"
    )
