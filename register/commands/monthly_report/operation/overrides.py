"""The section on overrides and reviews: whom people decide otherwise than the model."""

from collections.abc import Sequence

from register.commands.monthly_report.elements import cell_texts
from register.commands.monthly_report.elements.charts import Counts, time_chart
from register.commands.monthly_report.elements.markup import (
    Column,
    Definition,
    Topic,
    figure,
    heading,
    paragraph,
    table,
    text_column,
)
from register.commands.monthly_report.elements.numbers import count, decimal
from register.commands.monthly_report.elements.trends import percents, trend
from register.commands.monthly_report.figures import MonthlyFigures, hours, models_of, name
from register.monitoring.document.cell import Cell
from register.monitoring.document.override_tables import OverrideRow

DEFINITIONS = (
    Definition(
        "Low-side and high-side overrides",
        "Low-side: of the applications that the model refused, those accepted by the last review."
        " High-side: of those that the model accepted, those refused by the last review.",
    ),
    Definition(
        "Review requests",
        "A request is open if it is newer than the last review of its decision. The time to review"
        " is that from a request to the first review after it. Open requests do not count in it:"
        " they would raise it.",
    ),
    Definition(
        "Reviews that changed the decision",
        "Reviews whose decision differs from the one that stood before them, of all reviews.",
    ),
)
COLUMNS = (
    text_column("Period"), Column("Low-side"), Column("of"), Column("Share"),
    Column("95% interval"), Column("High-side"), Column("of"), Column("Share"),
    Column("95% interval"), text_column("Model"),
)  # fmt: skip
REVIEW_COLUMNS = (
    text_column("Period"), Column("Requests"), Column("Open"), Column("Reviewed decisions"),
    Column("Reviews"), Column("Changed"), Column("95% interval"), Column("Median hours"),
    Column("90% within, hours"),
)  # fmt: skip


def overrides(figures: MonthlyFigures) -> Topic:
    """Overrides and reviews over time, and by reason, caller and reviewer."""
    cells = figures.cells
    caption = (
        "Low-side overrides, of the applications that the model refused, and high-side overrides,"
        " of those that it accepted, with 95% intervals; below, the reviewed decisions."
        f" {figures.of_models(cells)}"
    )
    found = figures.history.overrides
    return Topic(
        "overrides", "Overrides and reviews",
        "How often do people decide otherwise than the model, who does, and why?",
        [
            figure(_chart(figures, cells), caption),
            table("Overrides", COLUMNS, [_row(cell) for cell in cells]),
            *_by("reason", found.by_reason), *_by("caller", found.by_caller),
            *_by("reviewer", found.by_reviewer), heading("Requests and reviews"),
            paragraph(_open(figures)),
            table("Requests and reviews", REVIEW_COLUMNS, [_reviews(cell) for cell in cells]),
        ],
        DEFINITIONS,
    )  # fmt: skip


def _chart(figures: MonthlyFigures, cells: Sequence[Cell]) -> str:
    low = [cell.overrides.low_side for cell in cells]
    high = [cell.overrides.high_side for cell in cells]
    names = [name(cell.key) for cell in cells]
    alt = (
        f"Overrides by {figures.period}. {trend('Low-side', names, [one.rate for one in low])}"
        f" {trend('High-side', names, [one.rate for one in high])}"
    )
    reviewed = Counts("reviewed", [cell.reviews.reviewed for cell in cells])
    series = [percents("low-side", low), percents("high-side", high)]
    return time_chart(figures.axis(cells), series, "% overruled", alt, reviewed)


def _row(cell: Cell) -> list[str]:
    return [
        name(cell.key), *cell_texts.counted_rate(cell.overrides.low_side),
        *cell_texts.counted_rate(cell.overrides.high_side), models_of(cell),
    ]  # fmt: skip


def _reviews(cell: Cell) -> list[str]:
    found = cell.reviews
    return [
        name(cell.key), count(found.requests), count(found.open), count(found.reviewed),
        count(found.reviews), *cell_texts.rate(found.changed),
        decimal(found.hours_median, 1), decimal(found.hours_p90, 1),
    ]  # fmt: skip


def _open(figures: MonthlyFigures) -> str:
    found = figures.history.total.reviews
    if found.oldest_open is None:
        return "No review request of the time of this report is open."
    return (
        f"{found.open:,} of {found.requests:,} review requests of the time of this report are open;"
        f" the oldest was made on {hours(found.oldest_open)}."
    )


def _by(kind: str, rows: Sequence[OverrideRow]) -> list[str]:
    """A table of the overrides by one kind; nothing without a review."""
    if not rows:
        return []
    columns = (
        text_column(kind.capitalize()), Column("Reviewed"), Column("Low-side"), Column("of"),
        Column("Share"), Column("95% interval"), Column("High-side"), Column("of"),
        Column("Share"), Column("95% interval"),
    )  # fmt: skip
    cells = [
        [
            row.key, count(row.reviews), *cell_texts.counted_rate(row.low_side),
            *cell_texts.counted_rate(row.high_side),
        ]
        for row in rows
    ]  # fmt: skip
    return [table(f"Overrides by {kind}, all months of the report", columns, cells)]
