"""What holds from page to page: the service, the language, the client chosen."""

import os
from typing import cast

import streamlit as st

from advisor.client import Service
from advisor.desk import Desk
from advisor.formats import Words
from advisor.texts import LANGUAGES

URL = "http://127.0.0.1:8000"
MOST_LISTED = 50  # ids that the page holds at once
LABELS_LANGUAGE = "en"  # of features.csv, where the environment does not say
FORMS = ("what_if_", "new_")  # begin the keys of their controls
LANGUAGE, SEARCH, CLIENT, DESK = "language", "search", "client", "desk"


@st.cache_resource(show_spinner=False)
def service_at(url: str, key: str) -> Service:
    """One client of the service for all sessions."""
    return Service(url, key)


def service() -> Service:
    """The service that the environment names."""
    return service_at(os.environ.get("API_URL") or URL, os.environ.get("API_KEY") or "")


def labels_language() -> str:
    """The language of labels, themes and reasons: what the environment says of features.csv."""
    return os.environ.get("LABELS_LANGUAGE") or LABELS_LANGUAGE


def choose_language() -> Words:
    """The language that was chosen, and the control for it."""
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
    """The language of this run."""
    return Words(st.session_state[LANGUAGE])


def keep_choice(words: Words, key: str) -> None:
    """Send the choice of a control to the browser again after a change of language.

    A browser names an option by its words. It would send those of the language before, which are
    not an option any more, and the choice would be lost.
    """
    spoken = f"language_of_{key}"
    if key in st.session_state and st.session_state.get(spoken) != words.language:
        st.session_state[key] = st.session_state[key]
    st.session_state[spoken] = words.language


def begin(words: Words) -> None:
    """Ask which model is in use, and let a client be chosen; pages find both here."""
    desk, before = Desk.of(service()), st.session_state.get(DESK)
    st.session_state[DESK] = desk
    choose_client(words, desk.ids())
    if before is not None and before.files != desk.files:
        forget_forms()
        st.info(words("replaced"))


def forget_forms() -> None:
    """Let forms start anew: what is in them is of clients of the files before."""
    for key in list(st.session_state):
        if str(key).startswith(FORMS):
            del st.session_state[key]


def choose_client(words: Words, ids: list[int]) -> None:
    """A search by first digits, and the first few ids that it finds."""
    typed = (st.text_input(words("search"), key=SEARCH, persist_state="session") or "").strip()
    found = [client for client in ids if str(client).startswith(typed)]
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


def desk() -> Desk:
    """The service, as this page sees it."""
    return cast(Desk, st.session_state[DESK])


def chosen_client() -> int:
    """The client chosen; without one the page says so and ends."""
    client = st.session_state.get(CLIENT)
    if client is None:
        st.info(words()("choose_first"))
        st.stop()
    return cast(int, client)
