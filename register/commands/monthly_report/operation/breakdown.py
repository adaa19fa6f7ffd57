"""The section on the same figures by grade, model or caller."""

from register.commands.monthly_report.elements import cell_texts
from register.commands.monthly_report.elements.charts import Range, range_chart
from register.commands.monthly_report.elements.markup import (
    Column,
    Topic,
    figure,
    paragraph,
    table,
    text_column,
)
from register.commands.monthly_report.elements.numbers import count, percent
from register.commands.monthly_report.elements.trends import in_percent
from register.commands.monthly_report.figures import MonthlyFigures, short
from register.monitoring.document.cell import Cell
from register.monitoring.document.report import MonitoringReport

WORDS = {"grade": "grade", "bundle": "model", "caller": "caller"}
COLUMNS = (
    Column("Decisions"), Column("Accepted"), Column("95% interval"), Column("PSI"),
    Column("Mean PD, labelled"), Column("Default rate"), Column("95% interval"), Column("AUC"),
    Column("Overruled"),
)  # fmt: skip


def breakdown(figures: MonthlyFigures, report: MonitoringReport) -> Topic:
    """The main figures of all months of the report, in cells of another kind.

    Args:
        figures: of the report.
        report: the same decisions in those cells.
    """
    kind = WORDS[report.by]
    blocks = [paragraph("No application was decided.")]
    if report.cells:
        caption = (
            f"Applications accepted in the end by {kind}, with 95% intervals."
            f" {figures.of_models(report.cells)}"
        )
        columns = (text_column(kind.capitalize()), *COLUMNS)
        rows = [_row(cell, report) for cell in report.cells]
        blocks = [
            figure(_chart(report, kind), caption),
            table(f"Main figures by {kind}", columns, rows),
        ]
    question = f"How do the figures differ by {kind}? All months of the report."
    return Topic("breakdown", f"By {kind}", question, blocks, ())


def _chart(report: MonitoringReport, kind: str) -> str:
    ranges = [
        Range(
            _name(cell, report), in_percent(cell.approval.rate), in_percent(cell.approval.low),
            in_percent(cell.approval.high),
        )
        for cell in report.cells
    ]  # fmt: skip
    alt = f"Applications accepted by {kind}: " + "; ".join(
        f"{_name(cell, report)} {percent(cell.approval.rate)} of {count(cell.volume)}"
        for cell in report.cells
    )
    return range_chart(ranges, "accepted", "", "% of applications", alt)


def _name(cell: Cell, report: MonitoringReport) -> str:
    return short(cell.key) if report.by == "bundle" else cell.key


def _row(cell: Cell, report: MonitoringReport) -> list[str]:
    return [
        _name(cell, report), count(cell.volume), *cell_texts.rate(cell.approval),
        cell_texts.stability(cell.score_drift)[0], cell_texts.mean_pd(cell.calibration),
        *cell_texts.rate(cell.default_rate), cell_texts.auc(cell.discrimination)[0],
        percent(cell.overrides.all.rate),
    ]  # fmt: skip
