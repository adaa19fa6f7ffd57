"""The state of a page in its address: client, language and changes of a simulation.

A bookmark, the Back key, a reload and a second tab keep it. An address is untrusted input: each
reader checks its part, and takes an unusable part as missing.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from advisor.pages import page_file
from advisor.service_client.response_models import ClientId, Feature, Record
from advisor.texts import LANGUAGES, Language

CLIENT, LANGUAGE, CHANGES = "client", "language", "changes"
DEFAULT_LANGUAGE: Language = "en"


def client_text() -> str:
    """The id in the address, as text; empty if there is none. It may be of no client."""
    return st.query_params.get(CLIENT, "")


def write_client(client: ClientId) -> None:
    """Put another client into the address, without the changes of the former one."""
    if client_text() != str(client):
        st.query_params.from_dict(query(client))


def language() -> Language:
    """The language in the address; English if it is none of the interface's."""
    found = st.query_params.get(LANGUAGE)
    return next((each for each in LANGUAGES if each == found), DEFAULT_LANGUAGE)


def write_language(chosen: Language) -> None:
    """Put a language into the address."""
    st.query_params[LANGUAGE] = chosen


def query(client: ClientId | None = None, changes: Record | None = None) -> dict[str, str]:
    """The query of a link to another page, by the names of its parts.

    Args:
        client: the client of the other page; None for the one in the address.
        changes: changes of the client's record; None for those in the address, which belong to
            the client in the address only.
    """
    wanted = client_text() if client is None else str(client)
    parts = {CLIENT: wanted, LANGUAGE: st.query_params.get(LANGUAGE, "")}
    if changes is not None:
        parts[CHANGES] = written(changes)
    elif wanted == client_text():
        parts[CHANGES] = st.query_params.get(CHANGES, "")
    return {name: text for name, text in parts.items() if text}


def changes(features: Mapping[str, Feature]) -> Record:
    """The usable changes in the address, by feature."""
    return {name: value for name, value in changes_as_read().items() if fits(value, features, name)}


def has_unusable_changes(features: Mapping[str, Feature]) -> bool:
    """True if the address has changes that nobody can make."""
    text = st.query_params.get(CHANGES)
    if not text:
        return False
    found = changes_as_read()
    return not found or any(not fits(value, features, name) for name, value in found.items())


def write_changes(changes: Record) -> None:
    """Put changes into the address, in place of those that are there.

    A callback of a control is the right place: links that are shown already keep their address.
    """
    text = written(changes)
    if text == st.query_params.get(CHANGES, ""):
        return
    if text:
        st.query_params[CHANGES] = text
    else:
        del st.query_params[CHANGES]


def link(
    page: str,
    label: str,
    *,
    changes: Record | None = None,
    client: ClientId | None = None,
    primary: bool = False,
    key: str | None = None,
) -> None:
    """Show a link to another page, which keeps client, language and changes.

    Args:
        page: its name, see `advisor.pages`.
        label: Markdown.
        changes, client: see `query`.
        primary: show it as the main action of its part of the page.
        key: a name that is unique on the page; needed if another link has this page and label.
    """
    form = "primary" if primary else "action"
    with st.container(key=f"{form}_link_{key or page}", width="content"):
        st.page_link(page_file(page), label=label, query_params=query(client, changes))


def written(changes: Record) -> str:
    """Changes as text; empty if there are none. Every number keeps all its digits."""
    return json.dumps(changes, ensure_ascii=False, separators=(",", ":")) if changes else ""


def changes_as_read() -> dict[str, Any]:
    """The JSON object of changes in the address; empty if it has none."""
    try:
        found = json.loads(st.query_params.get(CHANGES, ""), parse_constant=float)
        json.dumps(found, ensure_ascii=False).encode()  # half a character cannot be sent
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def fits(value: Any, features: Mapping[str, Feature], name: str) -> bool:
    """True if a value may stand in a feature that may change; null stands for an unknown one."""
    if name not in features or features[name]["change"] == "none":
        return False
    if features[name]["kind"] == "text":
        return value is None or isinstance(value, str)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value is None or (is_number and is_finite(value))


def is_finite(value: float) -> bool:
    """True if a number is finite as a double."""
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of more than 308 digits
        return False
