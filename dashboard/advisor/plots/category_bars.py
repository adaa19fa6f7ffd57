"""Bars of categories: their shares of the clients who repaid, and of those who did not."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.vega_lite import charts
from advisor.vega_lite.vega import ClassLegend

MOST_CATEGORIES = 12
ClassSizes = tuple[int, int]  # reference clients who repaid, and who did not


@dataclass(frozen=True)
class CategoryCount:
    """A category, its clients by class, and true if it is the client's own."""

    name: str
    counts: Sequence[int]
    is_own: bool


def shares(counts: Sequence[int], sizes: ClassSizes) -> list[float]:
    """The share of each class; 0 of a class without clients."""
    return [count / (size or 1) for count, size in zip(counts, sizes, strict=True)]


def own_shares(words: Words, shown: Sequence[CategoryCount], sizes: ClassSizes) -> list[str]:
    """The shares of both classes that have the client's category, written out."""
    own = next((each.counts for each in shown if each.is_own), (0, 0))
    return [words.percent(share, 1) for share in shares(own, sizes)]


def show(
    words: Words, title: str, sentence: str, shown: Sequence[CategoryCount], sizes: ClassSizes
) -> None:
    """Show shares by category and class as bars, and as a table that opens."""
    legend = ClassLegend(words("paid"), words("unpaid"))
    classes = legend.paid, legend.unpaid
    rows, cells = [], []
    for each in shown:
        name = words("own_row", name=each.name) if each.is_own else each.name
        by_class = shares(each.counts, sizes)
        rows += [
            {"name": name, "class": which, "share": share}
            for which, share in zip(classes, by_class, strict=True)
        ]
        cells.append((name, *(words.percent(share, 1) for share in by_class)))
    page_elements.picture(charts.class_bars(rows, words("share_of_class"), legend), sentence)
    with st.expander(page_elements.plain(words("compare_numbers", label=title))):
        page_elements.table(title, [words("value"), *classes], cells)
