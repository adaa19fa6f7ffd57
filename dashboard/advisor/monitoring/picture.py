"""A picture of the page: heading, chart, the sentence that describes it, and its numbers."""

from collections.abc import Callable, Iterable, Sequence

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.monitoring.cells import Cells
from advisor.monitoring.charts.intervals import Point
from advisor.vega_lite.vega import Spec

Rows = Iterable[Sequence[str]]


def show(
    words: Words, key: str, spec: Spec, sentence: str, head: Sequence[str], rows: Rows
) -> None:
    """Show a picture with its sentence, and a table of its numbers behind an expander.

    Args:
        words: texts; those of `key` are the heading and the definition.
        key: of the picture.
        spec: the chart.
        sentence: what the chart shows, in words.
        head: names of the table's columns.
        rows: of the table.
    """
    title = words(f"{key}_title")
    st.header(title)
    if spec["layer"]:
        page_elements.chart(spec, sentence)
    else:
        page_elements.paragraph(sentence)
    with st.expander(page_elements.plain(words("definition_and_numbers", title=title))):
        page_elements.paragraph(words(f"{key}_help"))
        page_elements.table(title, head, rows)


def heading(words: Words, key: str) -> None:
    """Show a heading, and its definition behind an expander."""
    title = words(f"{key}_title")
    st.header(title)
    with st.expander(page_elements.plain(words("definition_of", title=title))):
        page_elements.paragraph(words(f"{key}_help"))


def numbers(words: Words, title: str, head: Sequence[str], rows: Rows) -> None:
    """Show a table behind an expander."""
    with st.expander(page_elements.plain(words("numbers_of", title=title))):
        page_elements.table(title, head, rows)


def extremes(cells: Cells, points: Iterable[Point], write: Callable[[float], str]) -> str:
    """The smallest and the largest figure of some points with their cells, in a sentence."""
    words = cells.words
    known = [(point.value, point.cell["key"]) for point in points if point.value is not None]
    if not known:
        return words("too_few")
    (low, low_key), (high, high_key) = min(known), max(known)
    if len(known) == 1:
        return words("single_cell", value=write(low), cell=cells.name(low_key))
    ends = {"low_cell": cells.name(low_key), "high_cell": cells.name(high_key)}
    return words("extremes", low=write(low), high=write(high), **ends)
