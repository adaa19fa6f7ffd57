"""Section of vintages: defaults by age of the loans, for each month of decisions."""

from collections.abc import Sequence

import streamlit as st

from advisor.monitoring import figures, picture
from advisor.monitoring.cells import Cells
from advisor.monitoring.charts import curves
from advisor.monitoring.response_models import Vintage, VintagePoint


def show(cells: Cells) -> None:
    """Show the section."""
    words = cells.words
    vintages = [each for each in cells.report["vintages"] if shares(each)]
    if not vintages:
        picture.heading(words, "vintages")
        st.info(words("no_vintages"))
        return
    age = common_age(vintages)
    at_age = {each["month"]: shares(each)[age] for each in vintages if age in shares(each)}
    best, worst = (find(at_age, key=lambda month: (at_age[month], month)) for find in (min, max))
    sentence = words(
        "vintages_sentence",
        months=words.number(len(vintages)),
        age=str(age),
        best=best,
        least=words.percent(at_age[best], 1),
        worst=worst,
        most=words.percent(at_age[worst], 1),
    )
    titles = words("months_on_book"), words("share_defaulted")
    spec = curves.vintage_curves(vintages, titles, best, worst)
    rows = [row(cells, each, age) for each in cells.report["vintages"]]
    head = [words("by_month"), words("observed_loans"), words("at_age", age=str(age))]
    head += [words("last_age"), words("at_last_age")]
    picture.show(words, "vintages", spec, sentence, head, rows)


def shares(vintage: Vintage) -> dict[int, float]:
    """The shares of loans that defaulted, by age in months; without those of too few loans."""
    return {
        point["months"]: point["cumulative"]
        for point in vintage["curve"]
        if point["cumulative"] is not None
    }


def common_age(vintages: Sequence[Vintage]) -> int:
    """The largest age that at least half of the months have reached."""
    ages = sorted((max(shares(each)) for each in vintages), reverse=True)
    return ages[(len(ages) - 1) // 2]


def row(cells: Cells, vintage: Vintage, age: int) -> tuple[str, ...]:
    """A month's row: its defaults at the common age, and at its own last one."""
    words, curve = cells.words, vintage["curve"]
    at_age = next((point for point in curve if point["months"] == age), None)
    last = curve[-1] if curve else None
    return (
        vintage["month"],
        words.number(vintage["accepted"]),
        point_text(cells, at_age),
        figures.NOTHING if last is None else str(last["months"]),
        point_text(cells, last),
    )


def point_text(cells: Cells, point: VintagePoint | None) -> str:
    """A share of defaults with its interval."""
    if point is None:
        return figures.NOTHING
    return figures.percents(cells.words, point["cumulative"], point["low"], point["high"])
