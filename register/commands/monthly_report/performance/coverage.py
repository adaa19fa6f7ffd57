"""Months of which the end of many mature loans is not known."""

from collections.abc import Sequence

from register.commands.monthly_report.elements.numbers import listed, percent
from register.commands.monthly_report.figures import name
from register.monitoring.document.cell import Cell

LEAST = 0.8  # coverage below which a month is named


def partly_known(cells: Sequence[Cell]) -> str:
    """Sentence that names mature months with a low coverage; empty without one.

    Bad loans become known before good ones, so that the default rate of such a month is too high.
    """
    named = [f"{name(cell.key)} ({_coverage(cell)})" for cell in cells if is_partly_known(cell)]
    if not named:
        return ""
    return (
        f"Few of the mature loans of {listed(named)} have a known end. Bad loans become known"
        " before good ones: these default rates are too high until the others are observed."
    )


def is_partly_known(cell: Cell) -> bool:
    """True if the end of many mature loans of a cell is not known."""
    maturity = cell.maturity
    return maturity.labelled < LEAST * maturity.mature


def _coverage(cell: Cell) -> str:
    return percent(cell.maturity.labelled / cell.maturity.mature, 0)
