"""Section of people and the model: overrides, their reasons and authors, and reviews."""

from collections.abc import Sequence

from advisor.formatting.formats import Words
from advisor.monitoring import figures, picture
from advisor.monitoring.cells import Cells
from advisor.monitoring.charts.intervals import Measure, Point, interval_chart, share_point
from advisor.monitoring.response_models import Cell, OverrideRow
from advisor.register.moments import moment
from advisor.register.reason_codes import reason_text

PERCENTS, HOURS = ".1%", ",.0f"


def show(cells: Cells) -> None:
    """Show the section."""
    show_overrides(cells)
    words, tables = cells.words, cells.report["overrides"]
    show_table(words, "by_reason", tables["by_reason"])
    show_table(words, "by_caller", tables["by_caller"])
    show_table(words, "by_reviewer", tables["by_reviewer"])
    show_reviews(cells)


def show_overrides(cells: Cells) -> None:
    """Show the shares of the model's decisions that people overruled."""
    words, total = cells.words, cells.report["total"]["overrides"]
    low, high = words("low_side"), words("high_side")
    points = [
        share_point(cell, name, share)
        for cell in cells.all
        for name, share in (
            (low, cell["overrides"]["low_side"]),
            (high, cell["overrides"]["high_side"]),
        )
    ]
    sentence = words(
        "overrides_sentence",
        all=figures.share(words, total["all"]),
        low=figures.share(words, total["low_side"]),
        high=figures.share(words, total["high_side"]),
    )
    rows = [
        (
            cells.name(cell["key"]),
            *(
                text
                for share in (cell["overrides"]["low_side"], cell["overrides"]["high_side"])
                for text in (figures.share(words, share), figures.of_all(words, share))
            ),
            figures.hashes(cell["models"]),
        )
        for cell in cells.all
    ]
    head = [cells.title(), low, words("counts"), high, words("counts"), words("column_model")]
    spec = interval_chart(cells, points, Measure(words("share_overruled"), PERCENTS))
    picture.show(words, "overrides", spec, sentence, head, rows)


def show_table(words: Words, key: str, rows: Sequence[OverrideRow]) -> None:
    """Show a table of overrides by reason, caller or reviewer, behind an expander."""
    if not rows:
        return
    cells = [
        (
            reason_text(words, each["key"]) if key == "by_reason" else each["key"],
            words.number(each["reviews"]),
            figures.share(words, each["low_side"]),
            figures.of_all(words, each["low_side"]),
            figures.share(words, each["high_side"]),
            figures.of_all(words, each["high_side"]),
        )
        for each in rows
    ]
    counts = words("counts")
    head = [words(f"overrides_{key}"), words("reviewed_decisions")]
    head += [words("low_side"), counts, words("high_side"), counts]
    picture.numbers(words, words(f"overrides_{key}_title"), head, cells)


def show_reviews(cells: Cells) -> None:
    """Show the time from a client's request to the review."""
    words, total = cells.words, cells.report["total"]["reviews"]
    median, most = words("hours_median"), words("hours_p90")
    points = []
    for cell in cells.all:
        points.append(Point(cell, median, cell["reviews"]["hours_median"]))
        points.append(Point(cell, most, cell["reviews"]["hours_p90"]))
    sentence = words(
        "reviews_sentence",
        requests=words.number(total["requests"]),
        open=words.number(total["open"]),
        median=figures.hours(words, total["hours_median"]),
        most=figures.hours(words, total["hours_p90"]),
        changed=figures.share(words, total["changed"]),
    )
    if total["oldest_open"] is not None:
        sentence += " " + words("oldest_open", at=moment(total["oldest_open"]))
    head = [cells.title(), words("requests"), words("open_requests"), median, most]
    head += [words("reviews_made"), words("reviews_changed")]
    spec = interval_chart(cells, points, Measure(words("hours"), HOURS))
    rows = [reviews_row(cells, cell) for cell in cells.all]
    picture.show(words, "reviews", spec, sentence, head, rows)


def reviews_row(cells: Cells, cell: Cell) -> tuple[str, ...]:
    """The row of a cell in the table of reviews."""
    words, found = cells.words, cell["reviews"]
    return (
        cells.name(cell["key"]),
        words.number(found["requests"]),
        words.number(found["open"]),
        figures.hours(words, found["hours_median"]),
        figures.hours(words, found["hours_p90"]),
        words.number(found["reviews"]),
        figures.share(words, found["changed"]),
    )
