"""The section on vintages: how loans of each month default by month on book."""

from collections.abc import Sequence

from credit_scoring.monitoring.performance.vintages import Vintage
from portfolio.progress import number
from register.commands.monthly_report.elements.charts import Curve, curve_chart
from register.commands.monthly_report.elements.markup import (
    Column,
    Definition,
    Topic,
    figure,
    paragraph,
    table,
    text_column,
)
from register.commands.monthly_report.elements.numbers import NONE, count, percent
from register.commands.monthly_report.elements.trends import in_percent
from register.commands.monthly_report.figures import MonthlyFigures, models_of, name

DEFINITIONS = (
    Definition(
        "Cumulative default rate of a vintage",
        "Of the loans decided in one month, the share that defaulted up to a month on book"
        " (Kaplan-Meier). A loan counts as long as it was observed: one that was observed for the"
        " last time after five months says nothing about the sixth, and is no good loan for that."
        " A repaid loan cannot default any more, and counts up to the last day of any outcome."
        " Fewer than 30 at risk: only the interval.",
        "E. L. Kaplan, P. Meier, Journal of the American Statistical Association 53, 1958; for the"
        " interval, Greenwood's variance of ln(-ln): J. D. Kalbfleisch, R. L. Prentice, The"
        " Statistical Analysis of Failure Time Data, 1980.",
    ),
)
SHOWN = 4  # columns of months on book


def vintages(figures: MonthlyFigures) -> Topic:
    """The curves of the vintages."""
    found = [each for each in figures.history.vintages if each.curve and each.accepted]
    blocks = [paragraph("No loan of this time was observed.")]
    if found:
        caption = (
            "Cumulative default rate by month on book, a line for each month of decisions, later"
            " months darker; the month with the highest end has its name."
            f" {figures.of_models(figures.cells)}"
        )
        months = _months(figures.history.window)
        columns = [
            text_column("Decided in"), Column("Loans"),
            *(Column(f"Month {month}") for month in months),
            Column("Last"), Column("95% interval"), Column("Month"), Column("At risk"),
            text_column("Model"),
        ]  # fmt: skip
        models = {cell.key: models_of(cell) for cell in figures.cells}
        rows = [_row(each, months, models.get(each.month, NONE)) for each in found]
        blocks = [
            figure(curve_chart(_curves(found), "% of loans", _alt(found)), caption),
            table(
                "Cumulative default rates by month on book; the last one of at least 30 loans at"
                " risk, with its interval",
                columns,
                rows,
            ),
        ]
    return Topic(
        "vintages", "Vintages",
        "Do younger loans default sooner, or more often, than older ones at the same age?",
        blocks, DEFINITIONS,
    )  # fmt: skip


def _months(window: int) -> list[int]:
    """Months on book that the table shows, up to the window."""
    return sorted({-(-window * part // SHOWN) for part in range(1, SHOWN + 1)})


def _curves(found: Sequence[Vintage]) -> list[Curve]:
    return [
        Curve(
            name(each.month),
            [0, *(point.months for point in each.curve)],
            [0, *(in_percent(point.cumulative) for point in each.curve)],
        )
        for each in found
    ]


def _alt(found: Sequence[Vintage]) -> str:
    ends = []
    for each in found:
        shown = [point for point in each.curve if point.cumulative is not None]
        if shown:
            months = number(shown[-1].months, "month")
            ends.append(f"{name(each.month)} {percent(shown[-1].cumulative)} after {months}")
    return f"Cumulative default rates by month of the decision: {'; '.join(ends)}"


def _row(vintage: Vintage, months: Sequence[int], models: str) -> list[str]:
    points = {point.months: point for point in vintage.curve}
    shown = [point for point in vintage.curve if point.cumulative is not None]
    last = shown[-1] if shown else vintage.curve[-1]
    return [
        name(vintage.month), count(vintage.accepted),
        *(percent(points[month].cumulative) if month in points else NONE for month in months),
        percent(last.cumulative), f"{100 * last.low:.1f} to {100 * last.high:.1f}%",
        str(last.months), count(last.at_risk), models,
    ]  # fmt: skip
