"""Figures over time as series of a chart, and as a sentence for those who do not see it."""

from collections.abc import Callable, Sequence

from credit_scoring.monitoring.rates.proportion import Proportion
from register.commands.monthly_report.elements.charts import Series
from register.commands.monthly_report.elements.numbers import percent


def in_percent(share: float | None) -> float | None:
    """A share in percent."""
    return None if share is None else 100 * share


def percents(label: str, proportions: Sequence[Proportion | None]) -> Series:
    """A series of shares in percent, with their intervals.

    Args:
        label: its name in the legend.
        proportions: of each period; None if there is none.
    """
    return Series(
        label,
        [in_percent(one.rate if one else None) for one in proportions],
        [in_percent(one.low if one else None) for one in proportions],
        [in_percent(one.high if one else None) for one in proportions],
    )


def trend(
    label: str, names: Sequence[str], values: Sequence[float | None],
    form: Callable[[float], str] = percent,
) -> str:  # fmt: skip
    """Sentence on a figure over time: the first, lowest, highest and last value.

    Args:
        label: name of the figure, at the beginning of the sentence.
        names: of the periods.
        values: of the periods; None if there is none.
        form: writes a value.
    """
    known = [(name, value) for name, value in zip(names, values, strict=True) if value is not None]
    if not known:
        return f"{label}: no value."
    (first, start), (last, end) = known[0], known[-1]
    if len(known) == 1:
        return f"{label}: {form(start)} in {first}."
    lowest, low = min(known, key=lambda pair: pair[1])
    highest, high = max(known, key=lambda pair: pair[1])
    return (
        f"{label}: {form(start)} in {first}, {form(end)} in {last}; lowest {form(low)} in"
        f" {lowest}, highest {form(high)} in {highest}."
    )
