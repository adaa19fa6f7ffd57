"""The table of the main figures, for the month and earlier times."""

from collections.abc import Callable

from register.commands.monthly_report.elements import cell_texts
from register.commands.monthly_report.elements.markup import Column, table, text_column
from register.commands.monthly_report.elements.numbers import NONE, count, percent
from register.commands.monthly_report.figures import MonthlyFigures
from register.monitoring.document.cell import Cell

YEAR = 12  # months
FIGURES: dict[str, Callable[[Cell], str]] = {
    "Decisions": lambda cell: count(cell.volume),
    "Accepted in the end": lambda cell: percent(cell.approval.rate),
    "PSI of the score": lambda cell: cell_texts.stability(cell.score_drift)[0],
    "Mean PD of all decisions": lambda cell: percent(cell.mean_pd),
    "Overruled decisions": lambda cell: percent(cell.overrides.all.rate),
    "Open review requests": lambda cell: f"{cell.reviews.open:,} of {cell.reviews.requests:,}",
    "Labelled mature loans": lambda cell: count(cell.maturity.labelled),
    "Mean PD of these": lambda cell: cell_texts.mean_pd(cell.calibration),
    "Default rate of these": lambda cell: cell_texts.rate(cell.default_rate)[0],
    "AUC of these": lambda cell: cell_texts.auc(cell.discrimination)[0],
}


def key_figures(figures: MonthlyFigures) -> str:
    """The main figures of the month beside those of earlier times."""
    month = figures.month
    earlier = {
        month.later(-1).name: figures.earlier(1),
        month.later(-YEAR).name: figures.earlier(YEAR),
        month.later(-2 * YEAR).name: figures.earlier(2 * YEAR),
    }
    cells = {month.name: figures.current.total}
    cells |= {title: cell for title, cell in earlier.items() if cell is not None}
    cells["All months"] = figures.history.total
    rows = [
        [label, *(NONE if not cell.volume else form(cell) for cell in cells.values())]
        for label, form in FIGURES.items()
    ]
    return table("Key figures", [text_column("Figure"), *map(Column, cells)], rows)
