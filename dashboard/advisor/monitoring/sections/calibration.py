"""Section of calibration: expected against observed defaults by risk and by grade, and tests."""

import streamlit as st

from advisor import page_elements
from advisor.monitoring import figures, picture
from advisor.monitoring.cells import Cells
from advisor.monitoring.charts import bars, curves
from advisor.monitoring.statistics import Calibration, Proportion

LEVEL = 0.05  # a smaller p-value is called a sign


def show(cells: Cells) -> None:
    """Show the section."""
    words, calibration = cells.words, cells.report["total"]["calibration"]
    if calibration is None:
        st.info(words("no_mature", window=str(cells.report["window"])))
        return
    show_reliability(cells, calibration)
    show_brier(cells, calibration)
    show_tests(cells)
    show_grades(cells)


def show_reliability(cells: Cells, calibration: Calibration) -> None:
    """Show the loans in ranges of their expected defaults."""
    words, bins = cells.words, calibration["bins"]
    outside = [each for each in bins if not is_within(each["mean_pd"], each["default_rate"])]
    sentence = words(
        "reliability_sentence",
        bins=words.number(len(bins)),
        outside=words.number(len(outside)),
        expected=words.percent(calibration["mean_pd"], 1),
        observed=figures.share(words, calibration["default_rate"]),
    )
    rows = [
        (
            words.percent(each["mean_pd"], 1),
            figures.share(words, each["default_rate"]),
            figures.of_all(words, each["default_rate"]),
        )
        for each in bins
    ]
    titles = words("expected"), words("defaulted")
    spec = curves.reliability(bins, titles)
    picture.show(words, "reliability", spec, sentence, [*titles, words("counts")], rows)


def is_within(value: float, share: Proportion) -> bool:
    """True unless a value lies outside the interval of a share."""
    low, high = share["low"], share["high"]
    return low is None or high is None or low <= value <= high


def show_brier(cells: Cells, calibration: Calibration) -> None:
    """Show the Brier score with its parts, and the log loss."""
    words, brier = cells.words, calibration["brier"]
    picture.heading(words, "brier")
    if brier is None:
        st.info(words("too_few"))
        return
    found = [
        ("brier_score", brier["score"]),
        ("brier_reliability", brier["reliability"]),
        ("brier_resolution", brier["resolution"]),
        ("brier_uncertainty", brier["uncertainty"]),
        ("brier_within_bin_variance", brier["within_bin_variance"]),
        ("brier_within_bin_covariance", brier["within_bin_covariance"]),
    ]
    if (log_loss := calibration["log_loss"]) is not None:
        found.append(("log_loss", log_loss))
    rows = [(words(key), words.number(value, 4)) for key, value in found]
    head = [words("figure"), words("value")]
    page_elements.table(words("brier_title"), head, rows)


def show_tests(cells: Cells) -> None:
    """Show two tests of the calibration for each cell."""
    words = cells.words
    picture.heading(words, "tests")
    found = [(cell, cell["calibration"]) for cell in cells.all]
    rows = [
        (
            cells.name(cell["key"]),
            words.number(each["default_rate"]["of"]),
            figures.test_p(words, each["hosmer_lemeshow"]),
            figures.test_p(words, each["spiegelhalter"]),
            figures.hashes(cell["models"]),
        )
        for cell, each in found
        if each is not None
    ]
    total = cells.report["total"]["calibration"]
    if total is not None:
        tests = (total["hosmer_lemeshow"], total["spiegelhalter"])
        own = [figures.test_p(words, test) for test in tests]
        loans = words.number(total["default_rate"]["of"])
        models = figures.hashes(cells.report["total"]["models"])
        rows.append((words("all_decisions"), loans, own[0], own[1], models))
    keys = ("loans", "hosmer_lemeshow_p", "spiegelhalter_p", "column_model")
    page_elements.table(words("tests_title"), [cells.title(), *map(words, keys)], rows)


def show_grades(cells: Cells) -> None:
    """Show expected and observed defaults of each grade, and the tests of their difference."""
    words, grades = cells.words, cells.report["grades"]
    if not grades:
        return
    low = [
        each["grade"]
        for each in grades
        if each["jeffreys_adjusted"] is not None and each["jeffreys_adjusted"] < LEVEL
    ]
    sentence = words(
        "grades_sentence_low" if low else "grades_sentence",
        grades=words.number(len(grades)),
        low=", ".join(low),
    )
    shown = [(each["grade"], each["mean_pd"], each["rate"]) for each in grades]
    names = words("expected"), words("defaulted")
    spec = bars.expected_and_observed(shown, words("share_of_loans"), names)
    rows = [
        (
            each["grade"],
            words.number(each["decisions"]),
            words.percent_or_unknown(each["mean_pd"]),
            figures.share(words, each["rate"]),
            figures.adjusted_p(words, each["jeffreys_p"], each["jeffreys_adjusted"]),
            figures.adjusted_p(words, each["binomial_p"], each["binomial_adjusted"]),
        )
        for each in grades
    ]
    head = [words("grade"), words("loans"), *names, words("jeffreys_p"), words("binomial_p")]
    picture.show(words, "grades", spec, sentence, head, rows)
