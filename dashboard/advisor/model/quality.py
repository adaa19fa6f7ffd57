"""The quality that model.json gives for clients that were held out, in plain words."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.texts import texts
from advisor.vega_lite import charts

TOLD = ("auc", "auc_95_low", "auc_95_high", "held_out_clients")  # in the sentence on ranks
SHARES = ("default_rate",)


def show(words: Words, quality: Mapping[str, Any]) -> None:
    """Show the quality: sentences and figures beside a chart of the calibration."""
    st.header(words("quality"))
    if not quality:
        st.info(words("no_quality"))
        return
    if "auc" in quality:
        st.markdown(page_elements.plain(rank_sentence(words, quality)))
    rows = [
        (figure_name(words, name), figure(words, name, value))
        for name, value in quality.items()
        if isinstance(value, int | float) and name not in TOLD
    ]
    if rows:
        page_elements.facts(rows)
    if bins := quality.get("bins"):
        show_calibration(words, bins)


def rank_sentence(words: Words, quality: Mapping[str, Any]) -> str:
    """The area under the ROC curve as pairs of clients that the model ranks rightly."""
    low, high = (quality.get(f"auc_95_{end}") for end in ("low", "high"))
    unknown = words("not_known")
    return words(
        "auc",
        pairs=words.number(100 * quality["auc"]),
        auc=words.number(quality["auc"], 3),
        low=unknown if low is None else words.number(low, 3),
        high=unknown if high is None else words.number(high, 3),
        clients=words.number(quality.get("held_out_clients", 0)),
    )


def figure_name(words: Words, name: str) -> str:
    """A figure's name in plain words; that of model.json if the interface has none."""
    key = f"quality_{name.replace('.', '_')}"
    return words(key) if key in texts() else name.replace("_", " ")


def figure(words: Words, name: str, value: float) -> str:
    """A figure of model.json, written out."""
    return words.percent(value, 1) if name in SHARES else words.quantity(value)


def show_calibration(words: Words, bins: list[dict[str, float]]) -> None:
    """Show expected against actual shares of clients who do not repay, in bins of equal size."""
    points = [{"x": each["mean_pd"], "y": each["default_rate"]} for each in bins]
    gap = max(points, key=lambda point: abs(point["x"] - point["y"]))
    sentence = words(
        "calibration_sentence",
        bins=str(len(bins)),
        expected=words.percent(gap["x"], 1),
        observed=words.percent(gap["y"], 1),
    )
    titles = (words("expected"), words("observed"))
    text, picture = page_elements.text_and_picture("calibration")
    with text:
        page_elements.paragraph(sentence)
        rows = [
            (
                words.percent(each["mean_pd"], 1),
                words.percent(each["default_rate"], 1),
                words.number(each["clients"]),
            )
            for each in bins
        ]
        with st.expander(words("calibration")):
            page_elements.table(words("calibration"), [*titles, words("clients")], rows)
    with picture:
        page_elements.picture(charts.calibration(points, titles), sentence)
