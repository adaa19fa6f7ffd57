"""A client: the decision, the place among others, and what is known."""

import itertools

import streamlit as st

from advisor import parts, state
from advisor.answers import Feature, Record
from advisor.formats import Words


def card(words: Words, record: Record, features: dict[str, Feature]) -> None:
    """What is known, by theme."""
    st.header(words("known"))
    by_group = sorted(record, key=lambda name: features[name]["group"])
    for group, names in itertools.groupby(by_group, lambda name: features[name]["group"]):
        listed = list(names)
        known = sum(record[name] is not None for name in listed)
        title = words("group_known", group=group, known=str(known), all=str(len(listed)))
        with st.expander(parts.plain(title)):
            rows = [
                (features[name]["label"], words.of(features[name], record[name])) for name in listed
            ]
            parts.table(group, [words("feature"), words("value")], rows)


def show() -> None:
    """The page."""
    words, desk, client = state.words(), state.desk(), state.chosen_client()
    st.title(words("client_title", client=str(client)))
    score = desk.score({"client": client}, reasons=0)
    parts.decision(words, desk, score)
    parts.places(words, score)
    card(words, desk.record(client), desk.features)


show()
