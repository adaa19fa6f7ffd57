"""Page of a new application: a raw record by form, as JSON, or as a CSV of one row."""

import csv
import io
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from advisor import decision, form_controls, ice_curve, page_elements, reasons, session, waterfall
from advisor.csv_cells import value_of
from advisor.formats import Words
from advisor.pinned_service import PinnedService
from advisor.register.recording import record_panel
from advisor.response_models import Application, ClientId, Feature, Record

SENT, WAY = "new_entered", "way_in"
CSV_ROWS = 2  # the header and one application
MOST_CHARACTERS = 2**31 - 1  # of a cell; Python's default is 131,072
BYTE_ORDER_MARK = "\ufeff"  # some programs put it before a text
# Columns of the service's tables that are not features, and the row numbers that pandas adds.
OTHER_COLUMNS = re.compile(r"|SK_ID_CURR|TARGET|proba|Unnamed: \d+", re.ASCII)


class Unreadable(ValueError):
    """The text is not a raw record; the argument is the end of the explanation's key in texts."""


def from_json(text: str) -> Record:
    """A record from a JSON object.

    Raises:
        Unreadable: the text is not JSON, not one object, or repeats a name.
    """
    try:
        found = json.loads(text, object_pairs_hook=unique, parse_constant=float)
        json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable("no_json") from error
    if not isinstance(found, dict):
        raise Unreadable("no_object")
    return found


def unique(pairs: Collection[tuple[str, Any]]) -> dict[str, Any]:
    """Values by name.

    Raises:
        Unreadable: a name occurs twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("twice")
    return found


def from_csv(text: str, features: Mapping[str, Feature]) -> Record:
    """A record from a CSV of a header and one row; columns known not to be features are dropped.

    Raises:
        Unreadable: the CSV has another number of rows, its row another length than the header,
            or a feature occurs twice.
    """
    csv.field_size_limit(MOST_CHARACTERS)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise Unreadable("no_single_row") from error
    if len(rows) != CSV_ROWS:
        raise Unreadable("no_single_row")
    header, cells = rows
    if len(header) != len(cells):
        raise Unreadable("cells")
    pairs = zip(header, cells, strict=True)
    named = unique(
        [pair for pair in pairs if pair[0] in features or not OTHER_COLUMNS.fullmatch(pair[0])]
    )
    return {name: value_of(cell, features.get(name)) for name, cell in named.items()}


def enter(
    words: Words, service: PinnedService, features: Mapping[str, Feature], client: ClientId
) -> Application | None:
    """Show a form that starts with a client's record, and return the application if it was sent.

    The form has no features with a formula: the service computes them.
    """
    own = service.record(client)
    st.markdown(words("form_starts", client=page_elements.plain_id(client)))
    enterable = [each for each in features.values() if each["formula"] is None]
    entered: Record = {}
    with st.form("application"):
        for theme in dict.fromkeys(feature["group"] for feature in enterable):
            with st.expander(page_elements.plain(theme)):
                for feature in enterable:
                    if feature["group"] == theme:
                        name = feature["name"]
                        label = page_elements.plain(page_elements.label_with_unit(feature))
                        key = f"new_{client!r}_{name}"
                        entered[name] = form_controls.control(words, key, label, feature, own[name])
        sent = st.form_submit_button(words("calculate"), type="primary")
    if not sent:
        return None
    changes = form_controls.changes(entered, own)
    return {"record": own, "changes": changes} if changes else {"record": own}


def paste(words: Words, features: Mapping[str, Feature]) -> Application | None:
    """Show a field for JSON or a CSV, and return the application if it was sent."""
    with st.form("pasted"):
        text = st.text_area(words("paste"), key="pasted_text", height=200, persist_state="session")
        sent = st.form_submit_button(words("calculate"), type="primary")
    if not sent:
        return None
    text = text.removeprefix(BYTE_ORDER_MARK)
    is_json = text.lstrip().startswith(("{", "["))
    return {"record": from_json(text) if is_json else from_csv(text, features)}


def upload(words: Words, features: Mapping[str, Feature]) -> Application | None:
    """Show a control for a file of JSON or CSV, and return the application if there is one."""
    file = st.file_uploader(words("upload"), type=["csv", "json"], key="file")
    if file is None:
        return None
    try:
        text = file.getvalue().decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise Unreadable("no_text") from error
    is_json = file.name.lower().endswith(".json")
    return {"record": from_json(text) if is_json else from_csv(text, features)}


def show() -> None:
    """Show the page."""
    words, service = session.words(), session.service()
    features = service.feature_by_name
    st.title(words("page_application"))
    session.keep_choice(words, WAY)
    way = st.radio(
        words("way_in"),
        ("form", "paste", "upload"),
        format_func=lambda key: words(f"way_in_{key}"),
        key=WAY,
        persist_state="session",
    )
    client = session.chosen_client() if way == "form" else None
    try:
        if client is not None:
            application = enter(words, service, features, client)
        else:
            application = (paste if way == "paste" else upload)(words, features)
    except Unreadable as error:
        st.error(words(f"unreadable_{error}"))
        return
    if application is None and way != "upload":  # the application sent last, the same way
        application = st.session_state.get(SENT, {}).get((way, client))
    if application is not None:
        st.session_state[SENT] = {(way, client): application}
        show_result(words, service, application)


def show_result(words: Words, service: PinnedService, application: Application) -> None:
    """Show decision, percentiles, reasons, waterfall and ICE curve of an application."""
    features = service.feature_by_name
    above = st.container()
    compare = reasons.choose_peers(words)
    score = service.score(application, reasons.MOST_REASONS, compare)
    with above:
        decision.show(words, service, score)
        decision.show_percentiles(words, score)
        record_panel.show(words, service, application, score)
    reasons.show(words, score, features)
    waterfall.show_from_reasons(words, score)
    st.header(words("curve_title"))
    feature = ice_curve.choose_feature(words, features, "curve_new")
    ice_curve.show(words, service, application, feature)


show()
