"""The section on volume and approval."""

from collections.abc import Sequence

from register.commands.monthly_report.elements import cell_texts
from register.commands.monthly_report.elements.charts import Counts, time_chart
from register.commands.monthly_report.elements.markup import (
    Column,
    Definition,
    Topic,
    figure,
    table,
    text_column,
)
from register.commands.monthly_report.elements.numbers import count
from register.commands.monthly_report.elements.trends import percents, trend
from register.commands.monthly_report.figures import MonthlyFigures, models_of, name
from register.monitoring.document.cell import Cell

CAPTION = (
    "Shares of applications that are accepted, with 95% intervals; below, the number of decisions. "
)

DEFINITIONS = (
    Definition("Decisions", "Applications that were recorded by POST /decisions, at their time."),
    Definition(
        "Accepted by the model, accepted in the end",
        "Applications that the model accepted, of all; applications that are accepted after the"
        " last review, of all. Without a review the decision is the model's.",
    ),
    Definition(
        "95% interval of a share",
        "Wilson's interval: a share of so many decisions varies by chance, and the interval holds"
        " the true share in 95 of 100 such cases. Below 30 decisions only the interval is shown.",
        "E. B. Wilson, Journal of the American Statistical Association 22, 1927.",
    ),
)
COLUMNS = (
    text_column("Period"), Column("Decisions"), Column("Automated"), Column("Model accepts"),
    Column("95% interval"), Column("Accepted"), Column("95% interval"), text_column("Model"),
)  # fmt: skip


def volume(figures: MonthlyFigures) -> Topic:
    """The volume and the approval rates over time."""
    cells = figures.cells
    return Topic(
        "volume", "Volume and approval",
        "How many applications came, and how many of them were accepted?",
        [
            figure(_chart(figures, cells), CAPTION + figures.of_models(cells)),
            table("Volume and approval", COLUMNS, [_row(cell) for cell in cells]),
        ],
        DEFINITIONS,
    )  # fmt: skip


def _chart(figures: MonthlyFigures, cells: Sequence[Cell]) -> str:
    by_model = [cell.model_approval for cell in cells]
    final = [cell.approval for cell in cells]
    names = [name(cell.key) for cell in cells]
    alt = (
        f"Shares of accepted applications by {figures.period}."
        f" {trend('Accepted by the model', names, [one.rate for one in by_model])}"
        f" {trend('Accepted in the end', names, [one.rate for one in final])}"
    )
    series = [percents("accepted by the model", by_model), percents("accepted in the end", final)]
    volumes = Counts("decisions", [cell.volume for cell in cells])
    return time_chart(figures.axis(cells), series, "% of applications", alt, volumes)


def _row(cell: Cell) -> list[str]:
    return [
        name(cell.key), count(cell.volume), count(cell.automated),
        *cell_texts.rate(cell.model_approval), *cell_texts.rate(cell.approval), models_of(cell),
    ]  # fmt: skip
