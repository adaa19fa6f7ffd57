"""The reasons for a score, in words."""

import math

import streamlit as st

from advisor import page_elements, session
from advisor.formats import Words
from advisor.response_models import Compare, Feature, Reason, Score

MOST_REASONS = 10  # the service's own limit
MOST_IN_WORDS = 4  # as many as in a letter
COMPARE = "compare_with"
ESTIMATED = "permutation"  # the method of contributions that are estimates


def choose_peers(words: Words) -> Compare:
    """Show the choice of peers, and return it; it holds on every page."""
    session.keep_choice(words, COMPARE)
    chosen: Compare = st.radio(
        words("compare_with"),
        ("near", "all"),
        format_func=lambda key: words(f"compare_{key}"),
        key=COMPARE,
        persist_state="session",
    )
    return chosen


def chosen_peers() -> Compare:
    """The peers chosen on a page with that choice; near ones before any choice."""
    chosen: Compare = st.session_state.get(COMPARE, "near")
    return chosen


def show(words: Words, score: Score, features: dict[str, Feature]) -> None:
    """Show the strongest reasons as sentences, each with a table of its features."""
    st.header(words("reasons_title"))
    scale = score["contributions_in"]
    unit = words(f"unit_{scale}")
    strongest = score["reasons"][:MOST_IN_WORDS]
    if strongest:
        page_elements.numbered_list(
            (reason["text"], remark(words, reason, unit)) for reason in strongest
        )
    else:
        st.markdown(words("no_reasons"))
    others = math.fsum(reason["contribution"] for reason in score["reasons"][MOST_IN_WORDS:])
    other = words.number(others + (score["other"] or 0.0), 3, sign=True)
    st.markdown(page_elements.plain(words("other_reasons", other=other, unit=unit)))
    for note in notes(words, score):
        st.markdown(note)
    for reason in strongest:
        with st.expander(page_elements.plain(words("reason_features", theme=reason["group"]))):
            feature_table(words, reason, features)


def notes(words: Words, score: Score) -> list[str]:
    """Sentences on contributions that do not add up to the score, or that are estimates."""
    found = []
    if score["contributions_in"] == "margin":
        found.append(words("contributions_in_margin"))
    if score["explained_by"] == ESTIMATED:
        found.append(words("contributions_estimated"))
    return found


def remark(words: Words, reason: Reason, unit: str) -> str:
    """A reason's contribution, and a note if a protected trait takes part."""
    contribution = f"({words.number(reason['contribution'], 3, sign=True)} {unit})"
    return contribution + " " + words("reason_protected") if reason["protected"] else contribution


def feature_table(words: Words, reason: Reason, features: dict[str, Feature]) -> None:
    """Show the strongest features of a reason, beside the median of the peers."""
    rows = []
    for each in reason["features"]:
        feature, median = features.get(each["name"]), each["median"]
        value, typical = (
            words.value(number, each["unit"])
            if feature is None
            else words.feature_value(feature, number)
            for number in (each["value"], median)
        )
        contribution = words.number(each["contribution"], 3, sign=True)
        rows.append((each["label"], value, "" if median is None else typical, contribution))
    head = [words(key) for key in ("feature", "value", "median", "contribution")]
    page_elements.table(reason["group"], head, rows)
