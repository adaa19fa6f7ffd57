"""Section of performance: defaults that came and were expected, ranking, and estimates."""

import streamlit as st

from advisor.monitoring import figures, picture
from advisor.monitoring.cells import Cells
from advisor.monitoring.charts.intervals import (
    Measure,
    Point,
    estimate_point,
    interval_chart,
    share_point,
)
from advisor.monitoring.overview import auc_text
from advisor.monitoring.response_models import Cell
from advisor.monitoring.statistics import Discrimination

PERCENTS, DECIMALS = ".1%", ".2f"
LEAST_COVERAGE = 0.8  # of the loans whose window has ended; figures of fewer are doubtful
NO_SKILL = 0.5  # the AUC of a model that ranks by chance


def show(cells: Cells) -> None:
    """Show the section."""
    if cells.report["total"]["default_rate"] is None:
        st.info(cells.words("no_mature", window=str(cells.report["window"])))
    else:
        show_defaults(cells)
        show_ranking(cells)
    show_estimates(cells)


def show_defaults(cells: Cells) -> None:
    """Show the default rate of loans whose end is known, and the one that was expected of them."""
    words, total = cells.words, cells.report["total"]
    observed, expected = words("defaulted"), words("expected_of_them")
    points = []
    for cell in cells.all:
        calibration = cell["calibration"]
        points.append(share_point(cell, observed, cell["default_rate"]))
        points.append(
            Point(cell, expected, None if calibration is None else calibration["mean_pd"])
        )
    known, calibration = total["maturity"], total["calibration"]
    sentence = words(
        "defaults_sentence",
        observed=figures.share(words, total["default_rate"]),
        expected=words.percent_or_unknown(calibration and calibration["mean_pd"]),
        labelled=words.number(known["labelled"]),
        mature=words.number(known["mature"]),
    )
    own = [point for point in points if point.series == observed]
    sentence += " " + picture.extremes(cells, own, lambda rate: words.percent(rate, 1))
    if doubtful := [cells.name(cell["key"]) for cell in cells.all if is_doubtful(cell)]:
        sentence += " " + words(
            "coverage_low", least=words.percent(LEAST_COVERAGE), cells=", ".join(doubtful)
        )
    head = [cells.title(), observed, expected]
    head += map(words, ("counts", "mature_loans", "coverage", "column_model"))
    spec = interval_chart(cells, points, Measure(words("share_of_loans"), PERCENTS))
    rows = [defaults_row(cells, cell) for cell in cells.all if cell["default_rate"] is not None]
    picture.show(words, "defaults", spec, sentence, head, rows)


def is_doubtful(cell: Cell) -> bool:
    """True if the end of many loans of a cell is not known: defaults are known first."""
    share = cell["maturity"]["coverage"]
    return share["of"] > 0 and share["count"] < LEAST_COVERAGE * share["of"]


def defaults_row(cells: Cells, cell: Cell) -> tuple[str, ...]:
    """The row of a cell in the table of defaults."""
    words, rate, calibration = cells.words, cell["default_rate"], cell["calibration"]
    coverage = cell["maturity"]["coverage"]
    return (
        cells.name(cell["key"]),
        figures.share(words, rate),
        figures.NOTHING if calibration is None else words.percent(calibration["mean_pd"], 1),
        figures.NOTHING if rate is None else figures.of_all(words, rate),
        words.number(cell["maturity"]["mature"]),
        words.percent(coverage["count"] / (coverage["of"] or 1)),
        figures.hashes(cell["models"]),
    )


def training_auc(cells: Cells, cell: Cell) -> Discrimination | None:
    """The discrimination among accepted reference clients of the last model of a cell."""
    models = {each["model"]: each["training"] for each in cells.report["models"]}
    training = models.get(cell["models"][-1]["model"]) if cell["models"] else None
    return None if training is None else training["accepted"]


def auc_point(cell: Cell, series: str, found: Discrimination | None) -> Point:
    """The point of an AUC."""
    if found is None:
        return Point(cell, series, None)
    return Point(cell, series, found["auc"], found["auc_low"], found["auc_high"])


def show_ranking(cells: Cells) -> None:
    """Show how well the model ranks loans, beside the same figure of its training."""
    words, total = cells.words, cells.report["total"]["discrimination"]
    now, then = words("at_work"), words("auc_training_accepted")
    points = []
    for cell in cells.all:
        points.append(auc_point(cell, now, cell["discrimination"]))
        if cell["discrimination"] is not None:
            points.append(auc_point(cell, then, training_auc(cells, cell)))
    sentence = words("ranking_sentence", auc=auc_text(words, total))
    own = [point for point in points if point.series == now]
    sentence += " " + picture.extremes(cells, own, lambda auc: words.number(auc, 3))
    rows = [
        ranking_row(cells, cell, found)
        for cell in cells.all
        if (found := cell["discrimination"]) is not None
    ]
    keys = ("gini", "ks", "good_and_bad", "auc_training_accepted", "column_model")
    head = [cells.title(), "AUC", *map(words, keys)]
    spec = interval_chart(
        cells, points, Measure("AUC", DECIMALS, has_zero=False), [(NO_SKILL, words("no_skill"))]
    )
    picture.show(words, "ranking", spec, sentence, head, rows)


def ranking_row(cells: Cells, cell: Cell, found: Discrimination) -> tuple[str, ...]:
    """The row of a cell in the table of the ranking."""
    words = cells.words
    return (
        cells.name(cell["key"]),
        auc_text(words, found),
        figures.number(words, found["gini"], found["gini_low"], found["gini_high"]),
        figures.NOTHING if found["ks"] is None else words.number(found["ks"], 3),
        f"{words.number(found['goods'])} + {words.number(found['bads'])}",
        auc_text(words, training_auc(cells, cell)),
        figures.hashes(cell["models"]),
    )


def show_estimates(cells: Cells) -> None:
    """Show estimates for loans whose end is not known, marked as such."""
    words, total = cells.words, cells.report["total"]["expected"]
    if total is None:
        picture.heading(words, "estimates")
        st.info(words("no_estimates"))
        return
    found = [(cell, cell["expected"]) for cell in cells.all]
    points = [
        estimate_point(cell, words("estimate"), expected["default_rate"])
        for cell, expected in found
        if expected is not None
    ]
    sentence = words(
        "estimates_sentence",
        loans=words.number(total["decisions"]),
        rate=figures.estimate(words, total["default_rate"], is_share=True),
        auc=figures.estimate(words, total["auc"]),
        brier=figures.estimate(words, total["brier"]),
    )
    rows = [
        (
            cells.name(cell["key"]),
            words.number(expected["decisions"]),
            figures.estimate(words, expected["default_rate"], is_share=True),
            figures.estimate(words, expected["auc"]),
            figures.estimate(words, expected["brier"]),
            figures.hashes(cell["models"]),
        )
        for cell, expected in found
        if expected is not None
    ]
    keys = ("loans", "estimated_rate", "estimated_auc", "estimated_brier", "column_model")
    spec = interval_chart(
        cells, points, Measure(words("estimated_rate"), PERCENTS, is_observed=False)
    )
    picture.show(words, "estimates", spec, sentence, [cells.title(), *map(words, keys)], rows)
