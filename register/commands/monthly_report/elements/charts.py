"""Charts of the report: figures over time, and rates with intervals by name."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from portfolio.report.charts import (
    BAR_HEIGHT,
    LIGHT,
    MARK,
    NEW,
    REFERENCE,
    STYLE,
    WIDTH,
    plain_label,
    svg_element,
)

SECOND = "#b4540a"
LOOKS = ((NEW, "o", "-"), (SECOND, "s", "--"), ("#5b5f66", "^", ":"))  # told apart without colour
GRID = "#e4e7ea"
DASHES = (0, (5, 3))
HEIGHT = 4.0  # inches
MOST_TICKS = 13
Values = Sequence[float | None]


@dataclass(frozen=True)
class Series:
    """A figure over time.

    Attributes:
        label: its name in the legend.
        values: of each period; None if there is none.
        low, high: ends of its intervals; empty without intervals.
    """

    label: str
    values: Values
    low: Values = ()
    high: Values = ()


@dataclass(frozen=True)
class Swap:
    """A change of the model.

    Attributes:
        place: in periods from the middle of the first one, such as 3.4.
        label: of the new model.
    """

    place: float
    label: str


@dataclass(frozen=True)
class Axis:
    """Periods on the axis of time.

    Attributes:
        names: of the periods, in their order.
        swaps: changes of the model.
    """

    names: Sequence[str]
    swaps: Sequence[Swap]


@dataclass(frozen=True)
class Counts:
    """Counts over time, in columns below a chart.

    Attributes:
        label: their name.
        values: of each period.
    """

    label: str
    values: Sequence[int]


def time_chart(axis: Axis, series: Sequence[Series], unit: str, alt: str, counts: Counts) -> str:
    """Draw figures over time with their intervals; each change of the model is a line.

    The wide intervals of periods without a value may run out of the chart.

    Args:
        axis: the periods.
        series: at most three.
        unit: of the values.
        alt: description of the chart.
        counts: of the cases behind each value.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        axes, below = figure.subplots(2, sharex=True, height_ratios=(4, 1))
        for rank, one in enumerate(series):
            _draw(axes, one, rank, len(series))
        if (limits := _limits(series)) is not None:
            axes.set_ylim(*limits)
        below.bar(range(len(counts.values)), counts.values, color=LIGHT, width=0.7)
        axes.set(ylabel=unit, xlim=(-0.6, len(axis.names) - 0.4))
        below.set(ylabel=counts.label)
        below.locator_params(axis="y", nbins=3, integer=True)
        for part in (axes, below):
            part.grid(axis="y", color=GRID, linewidth=0.8)
            part.set_axisbelow(True)
        step = -(-len(axis.names) // MOST_TICKS)
        shown = range((len(axis.names) - 1) % step, len(axis.names), step)
        below.set_xticks(list(shown), [axis.names[at] for at in shown])
        for swap in axis.swaps:
            _mark(axes, swap, is_late=swap.place > 0.7 * len(axis.names))
            below.axvline(swap.place, color=MARK, linestyle=DASHES, linewidth=1.2)
        figure.align_ylabels()
        figure.legend(frameon=False, loc="outside upper left", ncols=4)
        return svg_element(figure, alt)


def _draw(axes: Axes, series: Series, rank: int, of: int) -> None:
    colour, marker, line = LOOKS[rank]
    values = _array(series.values)
    at = np.arange(len(values)) + 0.12 * (rank - (of - 1) / 2)
    if len(series.low):
        low, high = _array(series.low), _array(series.high)
        axes.vlines(at, low, high, color=colour, alpha=0.45, linewidth=2.2)
    axes.plot(
        at, values, color=colour, marker=marker, linestyle=line, markersize=4.5, linewidth=1.6,
        label=series.label,
    )  # fmt: skip


def _mark(axes: Axes, swap: Swap, *, is_late: bool) -> None:
    """Draw a change of the model; the label of a late one is on its left."""
    axes.axvline(swap.place, color=MARK, linestyle=DASHES, linewidth=1.2)
    axes.annotate(
        plain_label(swap.label), (swap.place, 1), (-4 if is_late else 4, 2), color=MARK,
        ha="right" if is_late else "left", va="bottom", fontsize=8.5,
        xycoords=("data", "axes fraction"), textcoords="offset points",
    )  # fmt: skip


@dataclass(frozen=True)
class Range:
    """A rate with its interval.

    Attributes:
        name: of the group.
        value: the rate; None if it is not shown.
        low, high: ends of the interval; None without any.
        mark: a value to compare it with; None without one.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    mark: float | None = None


def range_chart(
    ranges: Sequence[Range], label: str, mark: str, unit: str, alt: str, line: float | None = None
) -> str:
    """Draw rates with their intervals, the first name at the top.

    Args:
        ranges: by name.
        label: of the rates.
        mark: of the values that they are compared with; empty without any.
        unit: of the values.
        alt: description of the chart.
        line: a value that concerns all names; None without one.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 0.9 + BAR_HEIGHT * len(ranges)), layout="constrained")
        axes = figure.subplots()
        at = np.arange(len(ranges))
        low, high = _array([one.low for one in ranges]), _array([one.high for one in ranges])
        axes.hlines(at, low, high, color=LIGHT, linewidth=5)
        axes.plot(_array([one.value for one in ranges]), at, "o", color=NEW, label=label)
        if mark:
            axes.plot(
                _array([one.mark for one in ranges]), at, "|", color=MARK, markersize=14,
                markeredgewidth=2, label=mark,
            )  # fmt: skip
        if line is not None:
            axes.axvline(line, color=REFERENCE, linestyle="--", linewidth=1.2)
        axes.set_yticks(at, [plain_label(one.name) for one in ranges])
        axes.set(xlabel=unit, ylim=(len(ranges) - 0.5, -0.5))
        axes.grid(axis="x", color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        figure.legend(frameon=False, loc="outside upper left", ncols=2)
        return svg_element(figure, alt)


@dataclass(frozen=True)
class Curve:
    """The cumulative default rate of a vintage.

    Attributes:
        name: of the vintage.
        months: on book.
        values: of each month; None where too few loans are left.
    """

    name: str
    months: Sequence[int]
    values: Values


def curve_chart(curves: Sequence[Curve], unit: str, alt: str) -> str:
    """Draw a curve for each vintage, later ones darker; the highest end has its name.

    Args:
        curves: in the order of time.
        unit: of the values.
        alt: description of the chart.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
        axes = figure.subplots()
        shades = mpl.colormaps["Blues"](np.linspace(0.35, 1, len(curves)))
        for one, shade in zip(curves, shades, strict=True):
            axes.plot(one.months, _array(one.values), color=shade, linewidth=1.5, label=one.name)
        ends = [(one.name, *_end(one)) for one in curves]
        highest, month, value = max(ends, key=lambda end: end[2])
        axes.annotate(
            plain_label(highest), (month, value), (-4, 3), textcoords="offset points", ha="right",
            fontsize=9,
        )  # fmt: skip
        axes.set(xlabel="months on book", ylabel=unit, xlim=(0, None))
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        return svg_element(figure, alt)


def _limits(series: Sequence[Series]) -> tuple[float, float] | None:
    """The ends of the axis that shows all values and their intervals; None without a value.

    Figures without intervals, such as an index and its mean by chance, are drawn from 0 on.
    """
    shown: list[float] = []
    for one in series:
        for column in (one.values, one.low, one.high):
            pairs = zip(one.values, column, strict=False)
            shown += [end for value, end in pairs if value is not None and end is not None]
    if not any(len(one.low) for one in series):
        shown.append(0.0)
    if not shown or min(shown) == max(shown):
        return None
    margin = 0.06 * (max(shown) - min(shown))
    low = min(shown) - margin
    return (max(low, 0.0) if min(shown) == 0 else low), max(shown) + margin


def _end(curve: Curve) -> tuple[int, float]:
    """The last month of a curve with a value, and the value."""
    known = [(month, value) for month, value in zip(curve.months, curve.values, strict=True)
             if value is not None]  # fmt: skip
    return known[-1]


def _array(values: Values) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], np.float64)
