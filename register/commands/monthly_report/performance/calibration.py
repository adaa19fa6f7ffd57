"""The section on calibration: predicted against observed defaults."""

from collections.abc import Sequence

from register.commands.monthly_report.elements import cell_texts
from register.commands.monthly_report.elements.charts import (
    Counts,
    Range,
    Series,
    range_chart,
    time_chart,
)
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
from register.commands.monthly_report.elements.numbers import count, percent
from register.commands.monthly_report.elements.trends import in_percent, percents, trend
from register.commands.monthly_report.figures import MonthlyFigures, models_of, name
from register.commands.monthly_report.performance.coverage import partly_known
from register.monitoring.document.cell import Cell

DEFINITIONS = (
    Definition(
        "Default rate",
        "Bad loans of the labelled mature ones, with Wilson's interval. A loan is mature if its"
        " performance window ended on the last day on which any outcome was observed, or before;"
        " bad if a default or a write-off was observed in the window; good if it was observed at"
        " the window's end, or repaid, without one. Younger loans are left out, because bad loans"
        " become known before good ones.",
        "E. B. Wilson, Journal of the American Statistical Association 22, 1927.",
    ),
    Definition(
        "Brier score and its parts",
        "The mean squared distance of the probability of default (PD) from the outcome, 0 or 1;"
        " lower is better. It is reliability - resolution + uncertainty + within, over tenths of"
        " the loans by PD. Reliability: how far default rates are from the mean PDs, 0 at best."
        " Resolution: how far the tenths' default rates are from the rate of all, more is better."
        " Uncertainty: r (1 - r) for the default rate r, which no model changes. Within: the two"
        " parts that come from different PDs in one tenth.",
        "G. W. Brier, Monthly Weather Review 78, 1950; A. H. Murphy, Journal of Applied"
        " Meteorology 12, 1973; D. B. Stephenson, C. A. S. Coelho, I. T. Jolliffe, Weather and"
        " Forecasting 23, 2008.",
    ),
    Definition(
        "Log loss",
        "The mean of -ln of the probability that the model gave to what happened; lower is better.",
        "I. J. Good, Journal of the Royal Statistical Society B 14, 1952.",
    ),
    Definition(
        "Hosmer-Lemeshow test",
        "Compares predicted and observed defaults in tenths of the loans by chi-square, with as"
        " many degrees of freedom as ranges, because the model was not fitted to these loans. A"
        " small p-value says that they differ by more than chance. It finds little in few loans,"
        " and differences that do not matter in very large ones.",
        "D. W. Hosmer, S. Lemeshow, R. X. Sturdivant, Applied Logistic Regression, 2013, sections"
        " 5.2.2 and 5.4.",
    ),
    Definition(
        "Spiegelhalter test",
        "Compares the Brier score with the one that correct probabilities would give; z is about"
        " standard normal then. It sees a level that is too high or too low, and PDs that are too"
        " extreme.",
        "D. J. Spiegelhalter, Statistics in Medicine 5, 1986.",
    ),
    Definition(
        "Adjusted p-value",
        "Of twenty tests of a perfect model one has p below 0.05. The adjusted value allows for the"
        " number of tests: of those below 0.05, at most one in twenty is expected to be a false"
        " alarm. Read this one.",
        "Y. Benjamini, Y. Hochberg, Journal of the Royal Statistical Society B 57, 1995.",
    ),
)
COLUMNS = (
    text_column("Period"), Column("Labelled"), Column("Bad"), Column("Mean PD"),
    Column("Default rate"), Column("95% interval"), Column("Coverage"), text_column("Model"),
)  # fmt: skip
BRIER_COLUMNS = (
    text_column("Period"), Column("Brier score"), Column("Reliability"), Column("Resolution"),
    Column("Uncertainty"), Column("Within"), Column("Log loss"), text_column("Model"),
)  # fmt: skip
TEST_COLUMNS = (
    text_column("Period"), Column("Degrees"), Column("Hosmer-Lemeshow"), Column("p"),
    Column("p, adjusted"), Column("Spiegelhalter z"), Column("p"), Column("p, adjusted"),
    text_column("Model"),
)  # fmt: skip
TENTH_COLUMNS = (
    text_column("Loans by PD"), Column("Mean PD"), Column("Loans"), Column("Bad"),
    Column("Default rate"), Column("95% interval"),
)  # fmt: skip


def calibration(figures: MonthlyFigures) -> Topic:
    """The calibration of the mature months."""
    cells = figures.mature
    blocks = [paragraph("No loan of this time is mature yet.")]
    if cells:
        partly = partly_known(cells)
        caption = (
            "Mean probability of default and default rate of the labelled loans, with 95%"
            f" intervals; below, the labelled loans. {figures.of_models(cells)}"
        )
        blocks = [
            figure(_chart(figures, cells), caption),
            paragraph(partly, "caution") if partly else "",
            table("Predicted and observed defaults", COLUMNS, [_row(cell) for cell in cells]),
            table("Brier score and its parts", BRIER_COLUMNS, [_parts(cell) for cell in cells]),
            table("Tests of calibration", TEST_COLUMNS, [_tests(cell) for cell in cells]),
            *_tenths(figures),
        ]
    return Topic(
        "calibration", "Calibration",
        "Do as many loans default as the probabilities say? Only mature loans can say.",
        blocks, DEFINITIONS,
    )  # fmt: skip


def _chart(figures: MonthlyFigures, cells: Sequence[Cell]) -> str:
    rates = [cell.default_rate for cell in cells]
    predicted = [cell.calibration.mean_pd if cell.calibration else None for cell in cells]
    names = [name(cell.key) for cell in cells]
    alt = (
        f"Predicted and observed defaults by {figures.period}."
        f" {trend('Default rate', names, [one.rate if one else None for one in rates])}"
        f" {trend('Mean PD', names, predicted)}"
    )
    of_labelled = Series("mean PD", [in_percent(value) for value in predicted])
    series = [percents("default rate", rates), of_labelled]
    labelled = Counts("loans", [cell.maturity.labelled for cell in cells])
    return time_chart(figures.axis(cells), series, "% of labelled loans", alt, labelled)


def _row(cell: Cell) -> list[str]:
    return [
        name(cell.key), count(cell.maturity.labelled), count(cell.maturity.bad),
        cell_texts.mean_pd(cell.calibration), *cell_texts.rate(cell.default_rate),
        percent(cell.maturity.coverage.rate), models_of(cell),
    ]  # fmt: skip


def _parts(cell: Cell) -> list[str]:
    return [name(cell.key), *cell_texts.brier(cell.calibration), models_of(cell)]


def _tests(cell: Cell) -> list[str]:
    grouped = cell.calibration.hosmer_lemeshow if cell.calibration else None
    squared = cell.calibration.spiegelhalter if cell.calibration else None
    return [
        name(cell.key), cell_texts.degrees(grouped), *cell_texts.hypothesis(grouped),
        *cell_texts.hypothesis(squared), models_of(cell),
    ]  # fmt: skip


def _tenths(figures: MonthlyFigures) -> list[str]:
    """Predicted and observed defaults by tenths of all labelled loans."""
    found = figures.history.total.calibration
    if found is None:
        return []
    names = [f"tenth {at}" for at in range(1, len(found.bins) + 1)]
    ranges = [
        Range(
            one, in_percent(part.default_rate.rate), in_percent(part.default_rate.low),
            in_percent(part.default_rate.high), in_percent(part.mean_pd),
        )
        for one, part in zip(names, found.bins, strict=True)
    ]  # fmt: skip
    alt = "Default rate by tenths of the loans: " + "; ".join(
        f"mean PD {percent(part.mean_pd)}, default rate {percent(part.default_rate.rate)}"
        for part in found.bins
    )
    chart = range_chart(ranges, "default rate", "mean PD", "% of labelled loans", alt)
    models = figures.of_models(figures.mature)
    rows = [
        [
            one, percent(part.mean_pd, 2), count(part.default_rate.of),
            count(part.default_rate.count), *cell_texts.rate(part.default_rate),
        ]
        for one, part in zip(names, found.bins, strict=True)
    ]  # fmt: skip
    return [
        heading("By tenths of the probabilities, all months of the report"),
        figure(chart, f"Default rate with 95% interval and mean PD, by tenths of PD. {models}"),
        table("Predicted and observed defaults by tenths of PD", TENTH_COLUMNS, rows),
    ]
