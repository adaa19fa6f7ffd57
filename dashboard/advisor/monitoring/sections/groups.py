"""Section of groups: acceptance and errors, against the largest group."""

from collections.abc import Sequence

import streamlit as st

from advisor.monitoring import figures, picture
from advisor.monitoring.cells import Cells
from advisor.monitoring.charts.intervals import Measure, Point, interval_chart, share_point
from advisor.monitoring.response_models import Cell, GroupRatio
from advisor.vega_lite.charts import PERCENT

NOT_KNOWN = "(not known)"  # the service's key of the cell without a group
FOUR_FIFTHS = 0.8
DECIMALS = ".2f"
Found = Sequence[tuple[Cell, GroupRatio]]


def show(cells: Cells) -> None:
    """Show the section."""
    if cells.report["by"] != "group":
        st.info(cells.words("groups_need_column"))
        return
    by_key = {cell["key"]: cell for cell in cells.all}
    found = [
        (by_key[key], group) for group in cells.report["groups"] if (key := key_of(group)) in by_key
    ]
    if not found:
        st.info(cells.words("no_groups"))
        return
    show_acceptance(cells, found)
    show_ratios(cells, found)
    show_errors(cells, found)


def key_of(group: GroupRatio) -> str:
    """The key of a group's cell."""
    return NOT_KNOWN if group["group"] is None else group["group"]


def show_acceptance(cells: Cells, found: Found) -> None:
    """Show the shares of the groups that were accepted."""
    words = cells.words
    points = [
        share_point(cell, words("approved_final"), each["acceptance"]) for cell, each in found
    ]
    sentence = picture.extremes(cells, points, lambda rate: words.percent(rate, 1))
    rows = [
        (
            cells.name(cell["key"]),
            figures.share(words, each["acceptance"]),
            figures.of_all(words, each["acceptance"]),
            figures.hashes(cell["models"]),
        )
        for cell, each in found
    ]
    head = [cells.title(), words("approved_final"), words("counts"), words("column_model")]
    spec = interval_chart(cells, points, Measure(words("share_approved"), PERCENT))
    picture.show(words, "acceptance", spec, sentence, head, rows)


def show_ratios(cells: Cells, found: Found) -> None:
    """Show the acceptance of each group divided by that of the largest one."""
    words = cells.words
    largest = next(cells.name(cell["key"]) for cell, each in found if each["is_reference"])
    below = [cells.name(cell["key"]) for cell, each in found if each["below_four_fifths"]]
    points = [
        Point(cell, words("acceptance_ratio"), ratio["ratio"], ratio["low"], ratio["high"])
        for cell, each in found
        if (ratio := each["acceptance_ratio"]) is not None
    ]
    sentence = words("ratios_sentence", largest=largest)
    sentence += " " + (
        words("ratios_below", groups=", ".join(below)) if below else words("ratios_none_below")
    )
    rows = [
        (
            cells.name(cell["key"]),
            figures.ratio(words, each["acceptance_ratio"]),
            figures.NOTHING
            if each["ratio_to_best"] is None
            else words.number(each["ratio_to_best"], 3),
            figures.adjusted_p(words, each["p"], each["p_adjusted"]),
        )
        for cell, each in found
    ]
    keys = ("acceptance_ratio", "group_ratio_to_best", "equality_p")
    rules = [(FOUR_FIFTHS, words("four_fifths")), (1.0, "1")]
    spec = interval_chart(cells, points, Measure(words("acceptance_ratio"), DECIMALS), rules)
    picture.show(words, "ratios", spec, sentence, [cells.title(), *map(words, keys)], rows)


def show_errors(cells: Cells, found: Found) -> None:
    """Show how the model errs in each group, as far as loans were granted."""
    words = cells.words
    bad, good = words("bad_refused"), words("good_refused")
    points = [
        share_point(cell, name, share)
        for cell, each in found
        for name, share in ((bad, each["tpr"]), (good, each["fpr"]))
    ]
    rows = [
        (
            cells.name(cell["key"]),
            figures.share(words, each["tpr"]),
            figures.of_all(words, each["tpr"]),
            figures.ratio(words, each["tpr_ratio"]),
            figures.share(words, each["fpr"]),
            figures.of_all(words, each["fpr"]),
            figures.ratio(words, each["fpr_ratio"]),
        )
        for cell, each in found
    ]
    counts, ratio = words("counts"), words("ratio")
    head = [cells.title(), bad, counts, ratio, good, counts, ratio]
    spec = interval_chart(cells, points, Measure(words("share_of_loans"), PERCENT))
    picture.show(words, "errors", spec, words("errors_sentence"), head, rows)
