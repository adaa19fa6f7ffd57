"""A new application: a raw record by form, as JSON or as a CSV of one row."""

import csv
import io
import json
import math
import re
from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from advisor import curve, explained, parts, state
from advisor.answers import Application, Feature, Record, Value
from advisor.desk import Desk
from advisor.formats import Words

ENTERED = "new_entered"
ROWS = 2  # of a CSV: its header, and an application
NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", re.ASCII)
MARK = "\ufeff"  # that some programs put before a text
EXTRA = ("", "SK_ID_CURR", "TARGET", "proba")  # columns that a table has beside the features


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
    """A record from a CSV of a header and one row; an empty cell is a missing value.

    Raises:
        Unreadable: it has another number of rows, or its row is of another length.
    """
    try:
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except csv.Error as error:
        raise Unreadable("no_single_row") from error
    if len(rows) != ROWS:
        raise Unreadable("no_single_row")
    header, cells = rows
    if len(header) != len(cells):
        raise Unreadable("cells")
    named = once(list(zip(header, cells, strict=True)))
    return {
        name: value_of(cell, features.get(name))
        for name, cell in named.items()
        if name not in EXTRA
    }


def value_of(cell: str, feature: Feature | None) -> Value:
    """A cell's value: a number wherever it is one and the feature is not text."""
    if not cell:
        return None
    if feature is not None and feature["kind"] == "text":
        return cell
    return float(cell) if NUMBER.fullmatch(cell) and math.isfinite(float(cell)) else cell


def by_form(
    words: Words, desk: Desk, features: Mapping[str, Feature], client: int
) -> Record | None:
    """A record that starts as an existing client's; what follows from others is computed."""
    start = desk.record(client)
    st.markdown(words("form_starts", client=str(client)))
    entered = [name for name in features if features[name]["formula"] is None]
    record: Record = {}
    with st.form("application"):
        for group in dict.fromkeys(features[name]["group"] for name in entered):
            with st.expander(parts.plain(group)):
                for name in entered:
                    if features[name]["group"] == group:
                        key = f"new_{client}_{name}"
                        record[name] = entry(words, key, features[name], start[name])
        sent = st.form_submit_button(words("calculate"), type="primary")
    return record if sent else None


def entry(words: Words, key: str, feature: Feature, value: Value) -> Value:
    """The control of one value; left empty it is missing."""
    label = parts.plain(parts.titled(feature))
    st.session_state.setdefault(key, value)
    if feature["kind"] == "number":
        number = st.number_input(
            label, value=None, format=parts.EXACT, key=key, persist_state="session"
        )
        return None if number is None else float(number)
    return parts.category(words, label, feature, value, key)


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
    way = st.radio(
        words("way_in"),
        ("form", "paste", "upload"),
        format_func=lambda key: words(f"way_in_{key}"),
        key="way_in",
        persist_state="session",
    )
    client = state.chosen_client() if way == "form" else None
    try:
        if client is not None:
            record = by_form(words, desk, features, client)
        else:
            record = (pasted if way == "paste" else uploaded)(words, features)
    except Unreadable as error:
        st.error(words(f"unreadable_{error}"))
        return
    if record is None and way != "upload":  # nothing new: what was entered in this way before
        record = st.session_state.get(ENTERED, {}).get((way, client))
    if record is not None:
        st.session_state[ENTERED] = {(way, client): record}
        result(words, desk, {"record": record})


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
