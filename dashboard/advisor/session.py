"""The advisor's session: the service, the language and the chosen client."""

import os
from typing import cast

import streamlit as st

from advisor.formats import Words
from advisor.pinned_service import PinnedService
from advisor.response_models import ClientId
from advisor.service_api import Connection, ServiceApi
from advisor.texts import LANGUAGES

DEFAULT_URL = "http://127.0.0.1:8000"
MOST_LISTED = 50  # ids on the page at once
DEFAULT_LABELS_LANGUAGE = "en"
FORM_KEYS = ("what_if_", "new_")  # prefixes of the forms' controls
LANGUAGE, SEARCH, CLIENT, SERVICE = "language", "search", "client", "service"


@st.cache_resource(show_spinner=False)
def service_at(url: str, key: str) -> ServiceApi:
    """One connection pool for all sessions."""
    return ServiceApi(Connection(url, key))


def service_api() -> ServiceApi:
    """The service at API_URL, called with the key API_KEY."""
    return service_at(os.environ.get("API_URL") or DEFAULT_URL, os.environ.get("API_KEY") or "")


def labels_language() -> str:
    """The language of features.csv: labels, themes and reasons are written in it."""
    return os.environ.get("LABELS_LANGUAGE") or DEFAULT_LABELS_LANGUAGE


def choose_language() -> Words:
    """Show the control for the language, and return the chosen one."""
    chosen = st.radio(
        "Language · Langue",
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key=LANGUAGE,
        horizontal=True,
        bind="query-params",
    )
    return Words(chosen)


def words() -> Words:
    """The chosen language."""
    return Words(st.session_state[LANGUAGE])


def keep_choice(words: Words, key: str) -> None:
    """Send the choice of a control to the browser again after a change of language.

    A browser names an option by its text. Without this it would send the text of the former
    language, which no option has now, and the choice would be lost.
    """
    language_key = f"language_of_{key}"
    if key in st.session_state and st.session_state.get(language_key) != words.language:
        st.session_state[key] = st.session_state[key]
    st.session_state[language_key] = words.language


def begin(words: Words) -> None:
    """Pin the service to its model for this page, and show the controls that choose a client."""
    pinned, before = PinnedService(service_api()), st.session_state.get(SERVICE)
    st.session_state[SERVICE] = pinned
    choose_client(words, pinned.ids())
    if before is not None and before.files != pinned.files:
        clear_forms()
        st.info(words("replaced"))


def clear_forms() -> None:
    """Delete the values of all forms: they belong to clients of the former files."""
    for key in list(st.session_state):
        if str(key).startswith(FORM_KEYS):
            del st.session_state[key]


def choose_client(words: Words, ids: list[ClientId]) -> None:
    """Show a search by the beginning of an id, and a list of the first ids that it finds."""
    typed = (st.text_input(words("search"), key=SEARCH, persist_state="session") or "").strip()
    beginning = typed.casefold()
    found = [client for client in ids if str(client).casefold().startswith(beginning)]
    options = found[:MOST_LISTED]
    chosen = st.session_state.get(CLIENT)
    if chosen in found and chosen not in options:
        options = [chosen, *options[:-1]]
    if chosen not in options:
        st.session_state[CLIENT] = found[0] if len(found) == 1 else None
    st.selectbox(
        words("client"),
        options,
        index=None,
        format_func=str,
        key=CLIENT,
        placeholder=words("choose"),
        disabled=not options,
        persist_state="session",
    )
    if not found:
        st.warning(words("none_found", typed=typed))
    elif len(found) > len(options):
        st.markdown(words("first_listed", found=words.number(len(found)), listed=str(len(options))))


def service() -> PinnedService:
    """The service, pinned to this page's model."""
    return cast(PinnedService, st.session_state[SERVICE])


def chosen_client() -> ClientId:
    """The chosen client's id; without one, ask for it and end the page."""
    client = st.session_state.get(CLIENT)
    if client is None:
        st.info(words()("choose_first"))
        st.stop()
    return cast(ClientId, client)
