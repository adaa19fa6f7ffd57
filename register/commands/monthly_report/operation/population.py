"""The section on the population: stability indices of the score and of the features."""

from collections.abc import Sequence

from scipy.special import chdtrc

from credit_scoring.monitoring.psi import Drift
from portfolio.progress import number
from portfolio.report.charts import bar_chart
from register.commands.monthly_report.elements import cell_texts
from register.commands.monthly_report.elements.charts import Counts, Series, time_chart
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
from register.commands.monthly_report.elements.numbers import count, decimal, percent
from register.commands.monthly_report.elements.trends import trend
from register.commands.monthly_report.figures import MonthlyFigures, models_of, name
from register.monitoring.document.cell import Cell
from register.monitoring.document.feature_report import CellFeatures

MOST = 12  # features shown
LARGE = 0.25  # stability index, by custom
ONE_IN_TWENTY = 0.05
DEFINITIONS = (
    Definition(
        "Population stability index (PSI)",
        "Over bins that end at the deciles of the model's reference clients, with shares p of these"
        " and q of the applications: the sum of (q - p) ln(q / p). It is 0 if all shares are equal;"
        " by custom 0.1 is a small shift and 0.25 a large one. Of several models in one period: the"
        " mean of their indices, weighted by decisions. Of the score: the model's probability.",
        "docs/drift.md.",
    ),
    Definition(
        "PSI by chance",
        "The mean index of two samples of one population with as many clients and bins. An index"
        " near it says nothing, however large it is. By chance, one index in"
        " twenty is beyond 1.9 times this value with 10 bins.",
        "B. Yurdakul, Statistical Properties of Population Stability Index, Western Michigan"
        " University, 2018.",
    ),
    Definition("Mean PD", "The mean probability of default of all decisions of the period."),
)
COLUMNS = (
    text_column("Period"), Column("Decisions"), Column("PSI"), Column("By chance"),
    Column("Bins"), Column("Mean PD"), text_column("Model"),
)  # fmt: skip
FEATURE_COLUMNS = (
    text_column("Feature"), text_column("Name"), Column("PSI"), Column("By chance"), Column("Bins"),
)  # fmt: skip


def population(figures: MonthlyFigures) -> Topic:
    """The stability of the applicants, in the score and in the features."""
    cells = figures.cells
    caption = (
        "Population stability index of the score against the model's reference clients, and its"
        f" mean by chance; below, the number of decisions. {figures.of_models(cells)}"
    )
    return Topic(
        "population", "Population",
        "Do the applicants still resemble the clients that the model was made for?",
        [
            figure(_chart(figures, cells), caption),
            table("Stability of the score", COLUMNS, [_row(cell) for cell in cells]),
            *_features(figures),
        ],
        DEFINITIONS,
    )  # fmt: skip


def _chart(figures: MonthlyFigures, cells: Sequence[Cell]) -> str:
    indices = [cell.score_drift.index if cell.score_drift else None for cell in cells]
    expected = [cell.score_drift.expected if cell.score_drift else None for cell in cells]
    names = [name(cell.key) for cell in cells]
    alt = (
        f"Stability index of the score by {figures.period}."
        f" {trend('Index', names, indices, decimal)}"
        f" {trend('By chance', names, expected, decimal)}"
    )
    series = [Series("index of the score", indices), Series("by chance", expected)]
    volumes = Counts("decisions", [cell.volume for cell in cells])
    return time_chart(figures.axis(cells), series, "PSI", alt, volumes)


def _row(cell: Cell) -> list[str]:
    return [
        name(cell.key), count(cell.volume), *cell_texts.stability(cell.score_drift),
        percent(cell.mean_pd), models_of(cell),
    ]  # fmt: skip


def _features(figures: MonthlyFigures) -> list[str]:
    """The features of the month that shifted most."""
    title = heading(f"Features in {figures.month.name}")
    report = figures.current.features
    if report is None or not report.total.features:
        return [title, paragraph("No record of an application of this month is in the register.")]
    total = report.total
    most = total.features[:MOST]
    rows = [[each.label, each.name, *cell_texts.stability(each)] for each in most]
    caption = (
        "Features that shifted most; the red mark is the mean index by chance."
        f" {figures.of_models(figures.current.cells)}"
    )
    return [
        title,
        paragraph(_counted(total)),
        figure(_bars(total, figures.month.name), caption),
        table(f"Features that shifted most in {figures.month.name}", FEATURE_COLUMNS, rows),
    ]


def _bars(total: CellFeatures, month: str) -> str:
    most = total.features[:MOST]
    alt = f"Features that shifted most in {month}: " + "; ".join(
        f"{each.label} {each.index:.3f}, by chance {each.expected:.3f}" for each in most
    )
    return bar_chart(
        [each.label for each in most], [[each.index for each in most]], ["index"],
        "population stability index", alt, [each.expected for each in most],
    )  # fmt: skip


def _counted(total: CellFeatures) -> str:
    beyond = sum(each.index >= LARGE and is_beyond_chance(each) for each in total.features)
    erased = (
        f" {number(total.erased, 'decision')} had no record any more, and none of its values."
        if total.erased
        else ""
    )
    return (
        f"Of {number(len(total.features), 'feature')}, {beyond} shifted by {LARGE} or more and by"
        f" more than chance gives. The records of {number(total.decisions, 'decision')} were"
        f" counted.{erased}"
    )


def is_beyond_chance(drift: Drift) -> bool:
    """True if one sample of twenty from the reference population would have a larger index.

    By chance an index divided by (1/n + 1/m) is about chi-square with bins - 1 degrees of freedom
    (Yurdakul, 2018), and the expected index is that factor times the degrees of freedom.
    """
    degrees = drift.bins - 1
    if not degrees or not drift.expected:
        return False
    return float(chdtrc(degrees, degrees * drift.index / drift.expected)) < ONE_IN_TWENTY
