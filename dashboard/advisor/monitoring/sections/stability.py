"""Section of the applicants' stability: scores and features against the reference clients."""

from collections.abc import Callable

import streamlit as st

from advisor import page_elements, session
from advisor.monitoring import figures, picture
from advisor.monitoring.cells import Cells
from advisor.monitoring.charts import bars
from advisor.monitoring.charts.intervals import Measure, Point, interval_chart
from advisor.monitoring.response_models import FeatureReport, MonitoringReport

SLIGHT, CLEAR = 0.1, 0.25  # customary limits of the population stability index
MOST_FEATURES = 15
FORM = "~f"
TOTAL = "total"  # the key of all decisions
CELL = "monitoring_feature_cell"


def show(cells: Cells, read_features: Callable[[], MonitoringReport | None]) -> None:
    """Show the section.

    Args:
        cells: the cells.
        read_features: shows a button; after it was pressed, reads the report with features.
    """
    show_score(cells)
    picture.heading(cells.words, "shifts")
    report = read_features()
    if report is not None and report["features"] is not None:
        show_features(cells, report["features"])


def size(psi: float) -> str:
    """The end of the keys of texts about an index: small, slight or clear."""
    return "clear" if psi >= CLEAR else "slight" if psi >= SLIGHT else "small"


def show_score(cells: Cells) -> None:
    """Show the stability index of the scores in each cell, and what chance alone gives."""
    words, total = cells.words, cells.report["total"]["score_drift"]
    if total is None:
        picture.heading(words, "score_psi")
        st.info(words("no_score_psi"))
        return
    points = []
    for cell in cells.all:
        drift = cell["score_drift"]
        index, expected = (None, None) if drift is None else (drift["index"], drift["expected"])
        points.append(Point(cell, words("psi"), index))
        points.append(Point(cell, words("psi_expected"), expected))
    own = [point for point in points if point.series == words("psi")]
    sentence = words(
        f"score_psi_{size(total['index'])}",
        index=words.number(total["index"], 3),
        expected=words.number(total["expected"], 3),
    )
    sentence += " " + picture.extremes(cells, own, lambda index: words.number(index, 3))
    shifted = [
        cells.name(point.cell["key"])
        for point in own
        if point.value is not None and point.value >= SLIGHT
    ]
    if shifted:
        sentence += " " + words("score_psi_cells", cells=", ".join(shifted))
    largest = max((point.value for point in own if point.value is not None), default=0.0)
    limits = [
        (limit, words(name))
        for limit, name in ((SLIGHT, "limit_slight"), (CLEAR, "limit_clear"))
        if largest > limit / 2
    ]
    spec = interval_chart(cells, points, Measure(words("psi"), FORM), limits)
    rows = [
        (
            cells.name(cell["key"]),
            *(
                figures.NOTHING if drift is None else words.number(value, 3)
                for drift in [cell["score_drift"]]
                for value in ([0, 0] if drift is None else [drift["index"], drift["expected"]])
            ),
            words.percent_or_unknown(cell["mean_pd"]),
            figures.hashes(cell["models"]),
        )
        for cell in cells.all
    ]
    keys = ("psi", "psi_expected", "mean_pd_applicants", "column_model")
    picture.show(words, "score_psi", spec, sentence, [cells.title(), *map(words, keys)], rows)


def show_features(cells: Cells, report: FeatureReport) -> None:
    """Show the features that have shifted most, of all decisions or of a cell."""
    words = cells.words
    found = {TOTAL: report["total"], **{each["key"]: each for each in report["cells"]}}
    if st.session_state.get(CELL) not in found:
        st.session_state[CELL] = TOTAL
    session.keep_choice(words, CELL)
    chosen = st.selectbox(
        words("feature_cell"),
        list(found),
        format_func=lambda key: words("all_decisions") if key == TOTAL else cells.name(key),
        key=CELL,
        persist_state="session",
        width=300,
    )
    features = found[chosen]
    most = features["features"][:MOST_FEATURES]
    if not most:
        st.info(words("no_features"))
        return
    shown = [
        {"name": each["label"], "index": each["index"], "expected": each["expected"]}
        for each in most
    ]
    sentence = words(
        "shifts_sentence",
        decisions=words.number(features["decisions"]),
        erased=words.number(features["erased"]),
        label=most[0]["label"],
        index=words.number(most[0]["index"], 3),
        expected=words.number(most[0]["expected"], 3),
        clear=words.number(sum(each["index"] >= CLEAR for each in features["features"])),
        all=words.number(len(features["features"])),
    )
    page_elements.chart(bars.feature_indices(shown, words("psi")), sentence, most[0]["label"])
    rows = [
        (each["label"], words.number(each["index"], 3), words.number(each["expected"], 3))
        for each in most
    ]
    head = [words("feature"), words("psi"), words("psi_expected")]
    picture.numbers(words, words("shifts_title"), head, rows)
