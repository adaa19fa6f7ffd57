"""Figures as words of a report; a figure that does not exist is a dash."""

import math

from credit_scoring.monitoring.rates.proportion import Proportion

NONE = "\N{EN DASH}"
LEAST_P = 0.001


def count(value: int) -> str:
    """A count with separators of thousands."""
    return f"{value:,}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share in percent."""
    return NONE if share is None else f"{share:.{digits}%}"


def decimal(value: float | None, digits: int = 3) -> str:
    """A number without a unit."""
    return NONE if value is None or math.isnan(value) else f"{value:z.{digits}f}"


def probability(p: float | None) -> str:
    """A p-value; small ones are not told apart."""
    if p is None or math.isnan(p):
        return NONE
    return f"< {LEAST_P}" if p < LEAST_P else f"{p:.3f}"


def share_interval(proportion: Proportion | None) -> str:
    """The interval of a share, in percent."""
    if proportion is None or proportion.low is None or proportion.high is None:
        return NONE
    return f"{100 * proportion.low:.1f} to {100 * proportion.high:.1f}%"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """The interval of a number without a unit."""
    if low is None or high is None:
        return NONE
    return f"{low:.{digits}f} to {high:.{digits}f}"


def listed(words: list[str]) -> str:
    """Words as a list in a sentence."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
