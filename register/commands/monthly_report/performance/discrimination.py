"""The section on discrimination: AUC, Gini and Kolmogorov-Smirnov distance over time."""

from collections.abc import Sequence

from register.commands.monthly_report.elements import cell_texts
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
from register.commands.monthly_report.elements.numbers import NONE, count, decimal, percent
from register.commands.monthly_report.elements.trends import trend
from register.commands.monthly_report.figures import (
    MonthlyFigures,
    main_model,
    models_of,
    name,
    short,
)
from register.monitoring.document.cell import Cell

DEFINITIONS = (
    Definition(
        "AUC and Gini",
        "The probability that a bad loan has a higher probability of default than a good one; ties"
        " count half. Gini is 2 AUC - 1. The intervals are DeLong's, at 95%. Fewer than 30 good or"
        " bad loans: only the interval.",
        "E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44, 1988; X. Sun, W. Xu,"
        " IEEE Signal Processing Letters 21, 2014.",
    ),
    Definition(
        "KS",
        "The largest distance between the shares of bad and of good loans up to a score.",
        "N. Smirnov, Annals of Mathematical Statistics 19, 1948.",
    ),
    Definition(
        "Training, accepted",
        "AUC of the model among its reference clients whom it would accept. Outcomes exist only of"
        " accepted applications, among which the clients who are easiest to tell apart are missing:"
        " the AUC of all reference clients would be an unfair comparison. Of several models in one"
        " period: that of the model with the most decisions.",
        "J. Banasik, J. Crook, L. Thomas, Journal of the Operational Research Society 54, 2003.",
    ),
)
COLUMNS = (
    text_column("Period"), Column("Good"), Column("Bad"), Column("AUC"), Column("95% interval"),
    Column("Training, accepted"), Column("Gini"), Column("KS"), Column("Coverage"),
    text_column("Model"),
)  # fmt: skip


def discrimination(figures: MonthlyFigures) -> Topic:
    """The discrimination of the mature months."""
    cells = figures.mature
    blocks = [paragraph("No loan of this time is mature yet.")]
    if cells:
        caption = (
            "AUC of the labelled loans with 95% intervals, and that of the training on the clients"
            f" whom the model would accept; below, the bad loans. {figures.of_models(cells)}"
        )
        rows = [_row(figures, cell) for cell in cells]
        blocks = [figure(_chart(figures, cells), caption), table("Discrimination", COLUMNS, rows)]
    return Topic(
        "discrimination", "Discrimination",
        "Does the model still tell bad loans from good ones? Only mature loans can say.",
        [*blocks, *_training(figures)], DEFINITIONS,
    )  # fmt: skip


def trained(figures: MonthlyFigures, cell: Cell) -> float | None:
    """AUC of the training on the accepted, by the model with the most decisions of a cell."""
    found = figures.models.get(main_model(cell) or "")
    if found is None or found.training is None or found.training.accepted is None:
        return None
    return found.training.accepted.auc


def _chart(figures: MonthlyFigures, cells: Sequence[Cell]) -> str:
    found = [cell.discrimination for cell in cells]
    values = [one.auc if one else None for one in found]
    training = [trained(figures, cell) for cell in cells]
    names = [name(cell.key) for cell in cells]
    alt = (
        f"AUC by {figures.period}. {trend('At work', names, values, decimal)}"
        f" {trend('Training, accepted', names, training, decimal)}"
    )
    auc = Series(
        "AUC of labelled loans",
        values,
        [one.auc_low if one else None for one in found],
        [one.auc_high if one else None for one in found],
    )
    bad = Counts("bad loans", [cell.maturity.bad for cell in cells])
    both = [auc, Series("training, accepted", training)]
    return time_chart(figures.axis(cells), both, "AUC", alt, bad)


def _row(figures: MonthlyFigures, cell: Cell) -> list[str]:
    found, maturity = cell.discrimination, cell.maturity
    return [
        name(cell.key), count(maturity.good), count(maturity.bad), *cell_texts.auc(found),
        decimal(trained(figures, cell)), *cell_texts.ranks(found),
        percent(maturity.coverage.rate), models_of(cell),
    ]  # fmt: skip


TRAINING_COLUMNS = (
    text_column("Model"), Column("Reference clients"), Column("AUC, all"), Column("95% interval"),
    Column("AUC, accepted"), Column("95% interval"),
)  # fmt: skip


def _training(figures: MonthlyFigures) -> list[str]:
    """The training's figures of each model."""
    rows = [
        [
            short(model.model), NONE if model.reference is None else count(model.reference),
            *cell_texts.auc(model.training.all if model.training else None),
            *cell_texts.auc(model.training.accepted if model.training else None),
        ]
        for model in figures.history.models
    ]  # fmt: skip
    return [table("The same figures among the reference clients", TRAINING_COLUMNS, rows)]
