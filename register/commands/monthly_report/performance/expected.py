"""The section on expected performance: estimates for loans whose outcome is not known."""

from credit_scoring.monitoring.performance.expected import Estimate
from register.commands.monthly_report.elements.charts import Counts, Series, time_chart
from register.commands.monthly_report.elements.markup import (
    Column,
    Definition,
    Topic,
    figure,
    paragraph,
    table,
    text_column,
)
from register.commands.monthly_report.elements.numbers import (
    NONE,
    count,
    decimal,
    interval,
    percent,
)
from register.commands.monthly_report.elements.trends import in_percent, trend
from register.commands.monthly_report.figures import MonthlyFigures, models_of, name
from register.monitoring.document.cell import Cell

DEFINITIONS = (
    Definition(
        "Expected performance (estimate)",
        "Default rate, AUC and Brier score that loans will have if their probabilities of default"
        " are right. It is computed from the probabilities alone (confidence-based performance"
        " estimation, CBPE), and cannot see that they are wrong: after a shift of the economy it"
        " stays as it was, while the true figures do not. The range holds 95 of 100 outcomes if the"
        " probabilities are right; doubt about them is not part of it.",
        "NannyML's definition,"
        " https://nannyml.readthedocs.io/en/stable/how_it_works/performance_estimation.html.",
    ),
)
COLUMNS = (
    text_column("Period"), Column("Not mature"), Column("Default rate"), Column("95% range"),
    Column("AUC"), Column("95% range"), Column("Brier"), Column("95% range"), text_column("Model"),
)  # fmt: skip
WARNING = (
    "These figures are estimates, not observations. They take for granted that the probabilities of"
    " default are right; see the section on calibration for evidence of that."
)


def expected(figures: MonthlyFigures) -> Topic:
    """The expected performance of the months that are not mature."""
    cells = [cell for cell in figures.cells if cell.expected is not None]
    blocks = [paragraph("No accepted loan of this time waits for the end of its window.")]
    if cells:
        caption = (
            "Estimate: expected default rate of accepted loans whose window has not ended, with 95%"
            f" ranges; below, their number. {figures.of_models(cells)}"
        )
        blocks = [
            paragraph(WARNING, "estimate"),
            figure(_chart(figures, cells), caption),
            table("Estimates of the performance", COLUMNS, [_row(cell) for cell in cells]),
        ]
    return Topic(
        "expected", "Expected performance (estimates)",
        "How will the loans end whose outcome nobody knows yet, if the model is right?",
        blocks, DEFINITIONS,
    )  # fmt: skip


def _chart(figures: MonthlyFigures, cells: list[Cell]) -> str:
    names = [name(cell.key) for cell in cells]
    found = [cell.expected for cell in cells]
    rates = [one.default_rate if one else None for one in found]
    values = [one.value if one else None for one in rates]
    alt = f"Estimates by {figures.period}. {trend('Expected default rate', names, values)}"
    series = Series(
        "expected default rate (estimate)",
        [in_percent(value) for value in values],
        [in_percent(one.low if one else None) for one in rates],
        [in_percent(one.high if one else None) for one in rates],
    )
    loans = Counts("loans", [one.decisions if one else 0 for one in found])
    return time_chart(figures.axis(cells), [series], "% of loans", alt, loans)


def _row(cell: Cell) -> list[str]:
    found = cell.expected
    if found is None:
        return [name(cell.key), *[NONE] * 7, models_of(cell)]
    rate, auc, brier = found.default_rate, found.auc, found.brier
    return [
        name(cell.key), count(found.decisions), percent(rate.value), _percents(rate),
        decimal(auc.value), interval(auc.low, auc.high), decimal(brier.value, 4),
        interval(brier.low, brier.high, 4), models_of(cell),
    ]  # fmt: skip


def _percents(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return NONE
    return f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f}%"
