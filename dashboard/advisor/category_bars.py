"""Bars of categories: their shares of the clients who paid, and of those who did not."""

from collections.abc import Sequence
from dataclasses import dataclass

from advisor import charts, page_elements
from advisor.formats import Words
from advisor.vega import ClassLegend

MOST_CATEGORIES = 12
ClassSizes = tuple[int, int]  # reference clients who paid, and who did not


@dataclass(frozen=True)
class CategoryCount:
    """A category, its clients by class, and true if it is the client's own."""

    name: str
    counts: Sequence[int]
    is_own: bool


def show(
    words: Words, title: str, sentence: str, shown: Sequence[CategoryCount],
    sizes: ClassSizes, *labels: str,
) -> None:  # fmt: skip
    """Show shares by category and class as bars and as a table."""
    legend = ClassLegend(words("paid"), words("unpaid"))
    classes = legend.paid, legend.unpaid
    rows, cells = [], []
    for each in shown:
        name = words("own_row", name=each.name) if each.is_own else each.name
        shares = [count / (size or 1) for count, size in zip(each.counts, sizes, strict=True)]
        rows += [
            {"name": name, "class": which, "share": share}
            for which, share in zip(classes, shares, strict=True)
        ]
        cells.append((name, *(words.percent(share, 1) for share in shares)))
    spec = charts.class_bars(rows, words("share_of_class"), legend)
    page_elements.chart(spec, sentence, title, *labels)
    page_elements.table(title, [words("value"), *classes], cells)
