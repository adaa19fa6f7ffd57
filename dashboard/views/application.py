"""A new application: a raw record by form, as JSON or as a CSV of one row."""

import csv
import io
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from advisor import controls, curve, explained, parts, state
from advisor.answers import Application, Feature, Record
from advisor.cells import value_of
from advisor.desk import Desk
from advisor.formats import Words

ENTERED, WAY = "new_entered", "way_in"
ROWS = 2  # of a CSV: its header, and an application
MOST_CHARACTERS = 2**31 - 1  # of a field; Python's reader refuses more than 131,072
MARK = "\ufeff"  # that some programs put before a text
# Columns that a table has beside the features; a program that saves it may number its rows.
EXTRA = re.compile(r"|SK_ID_CURR|TARGET|proba|Unnamed: \d+", re.ASCII)


class Unreadable(ValueError):
    """A text that is no raw record; the argument is the key of a text that says why."""


def from_json(text: str) -> Record:
    """A record from pasted JSON.

    Raises:
        Unreadable: it is none.
    """
    try:
        found = json.loads(text, object_pairs_hook=once, parse_constant=float)
        json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable("no_json") from error
    if not isinstance(found, dict):
        raise Unreadable("no_object")
    return found


def once(pairs: Collection[tuple[str, Any]]) -> dict[str, Any]:
    """Names and values, where no name comes twice.

    Raises:
        Unreadable: one does.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("twice")
    return found


def from_csv(text: str, features: Mapping[str, Feature]) -> Record:
    """A record from a CSV of a header and one row; columns that are not features are left out.

    Raises:
        Unreadable: it has another number of rows, or its row is of another length.
    """
    csv.field_size_limit(MOST_CHARACTERS)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise Unreadable("no_single_row") from error
    if len(rows) != ROWS:
        raise Unreadable("no_single_row")
    header, cells = rows
    if len(header) != len(cells):
        raise Unreadable("cells")
    pairs = zip(header, cells, strict=True)
    named = once([pair for pair in pairs if pair[0] in features or not EXTRA.fullmatch(pair[0])])
    return {name: value_of(cell, features.get(name)) for name, cell in named.items()}


def by_form(
    words: Words, desk: Desk, features: Mapping[str, Feature], client: int
) -> Application | None:
    """An existing client's record with changes; the service computes the features that follow."""
    own = desk.record(client)
    st.markdown(words("form_starts", client=str(client)))
    names = [name for name in features if features[name]["formula"] is None]
    entered: Record = {}
    with st.form("application"):
        for group in dict.fromkeys(features[name]["group"] for name in names):
            with st.expander(parts.plain(group)):
                for name in names:
                    if (feature := features[name])["group"] == group:
                        key, label = f"new_{client}_{name}", parts.plain(parts.titled(feature))
                        entered[name] = controls.control(words, key, label, feature, own[name])
        sent = st.form_submit_button(words("calculate"), type="primary")
    if not sent:
        return None
    changed = controls.changes(entered, own)
    return {"record": own, "changes": changed} if changed else {"record": own}


def pasted(words: Words, features: Mapping[str, Feature]) -> Record | None:
    """A record from text that is pasted."""
    with st.form("pasted"):
        text = st.text_area(words("paste"), key="pasted_text", height=200, persist_state="session")
        sent = st.form_submit_button(words("calculate"), type="primary")
    if not sent:
        return None
    text = text.removeprefix(MARK)
    return from_json(text) if text.lstrip().startswith(("{", "[")) else from_csv(text, features)


def uploaded(words: Words, features: Mapping[str, Feature]) -> Record | None:
    """A record from a file."""
    file = st.file_uploader(words("upload"), type=["csv", "json"], key="file")
    if file is None:
        return None
    try:
        text = file.getvalue().decode("utf-8").removeprefix(MARK)
    except UnicodeDecodeError as error:
        raise Unreadable("no_text") from error
    return from_json(text) if file.name.lower().endswith(".json") else from_csv(text, features)


def show() -> None:
    """The page."""
    words, desk = state.words(), state.desk()
    features = desk.features
    st.title(words("page_application"))
    state.keep_choice(words, WAY)
    way = st.radio(
        words("way_in"),
        ("form", "paste", "upload"),
        format_func=lambda key: words(f"way_in_{key}"),
        key=WAY,
        persist_state="session",
    )
    client = state.chosen_client() if way == "form" else None
    try:
        if client is not None:
            application = by_form(words, desk, features, client)
        else:
            record = (pasted if way == "paste" else uploaded)(words, features)
            application = None if record is None else {"record": record}
    except Unreadable as error:
        st.error(words(f"unreadable_{error}"))
        return
    if application is None and way != "upload":  # nothing new: what was entered this way before
        application = st.session_state.get(ENTERED, {}).get((way, client))
    if application is not None:
        st.session_state[ENTERED] = {(way, client): application}
        result(words, desk, application)


def result(words: Words, desk: Desk, application: Application) -> None:
    """All that the service says of a record that it does not keep."""
    features = desk.features
    above = st.container()
    compared = explained.choose_compared(words)
    score = desk.score(application, explained.MOST_REASONS, compared)
    with above:
        parts.decision(words, desk, score)
        parts.places(words, score)
    explained.reasons(words, score, features)
    explained.by_reasons(words, score)
    st.header(words("curve_title"))
    curve.show(words, desk, application, curve.choose(words, features, "curve_new"))


show()
