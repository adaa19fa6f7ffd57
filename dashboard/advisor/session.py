"""The advisor's session: the service, the language and the chosen client."""

import os
from typing import cast

import streamlit as st

from advisor import address
from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import ClientId
from advisor.service_client.service_api import Connection, ServiceApi
from advisor.texts import LANGUAGES

DEFAULT_URL = "http://127.0.0.1:8000"
MOST_LISTED = 50  # ids on the page at once
DEFAULT_LABELS_LANGUAGE = "en"
FORM_KEYS = ("simulate_", "new_")  # prefixes of the forms' controls
LANGUAGE, SEARCH, LISTED, SERVICE = "language", "search", "listed", "service"
CLIENT = "client"  # the chosen client
ADDRESS = "client_in_address"  # when the page was shown last


@st.cache_resource(show_spinner=False)
def service_at(url: str, key: str) -> ServiceApi:
    """One connection pool for all sessions."""
    return ServiceApi(Connection(url, key))


def service_api() -> ServiceApi:
    """The service at API_URL, called with the key API_KEY."""
    return service_at(os.environ.get("API_URL") or DEFAULT_URL, os.environ.get("API_KEY") or "")


def labels_language() -> str:
    """The language of labels, themes and reasons.

    It is the interface's if features.csv has words in it, and else that of the file's own words.
    """
    own = os.environ.get("LABELS_LANGUAGE") or DEFAULT_LABELS_LANGUAGE
    pinned = st.session_state.get(SERVICE)
    return own if pinned is None else cast(PinnedService, pinned).language or own


def choose_language() -> Words:
    """Show the control for the language, and return the one in the address."""
    st.session_state[LANGUAGE] = address.language()
    chosen = st.radio(
        "Language · Langue",
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key=LANGUAGE,
        horizontal=True,
        label_visibility="collapsed",
        on_change=lambda: address.write_language(st.session_state[LANGUAGE]),
        width="content",
    )
    return Words(chosen)


def words() -> Words:
    """The chosen language."""
    return Words(address.language())


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
    pinned, before = PinnedService(service_api(), words.language), st.session_state.get(SERVICE)
    st.session_state[SERVICE] = pinned
    choose_client(words, pinned.ids())
    if before is not None and before.files != pinned.files:
        if pinned.has_data_of(before):
            st.info(words("model_replaced"))
        else:
            clear_forms()
            address.write_changes({})
            st.info(words("replaced"))
    if st.query_params.get(address.CHANGES) and address.has_unusable_changes(
        pinned.feature_by_name
    ):
        st.warning(words("unusable_changes"))


def clear_forms() -> None:
    """Delete the values of all forms: they belong to clients of the former files."""
    for key in list(st.session_state):
        if str(key).startswith(FORM_KEYS):
            del st.session_state[key]


def choose_client(words: Words, ids: list[ClientId]) -> None:
    """Show the search for a client, and list ids as long as it names none.

    The search holds the client in the address. An id, or a beginning that only one id has, opens
    that client; an empty field lists the first ids. The address always names the chosen client.
    """
    in_address = address.client_text()
    if st.session_state.get(ADDRESS) != in_address:  # a link, the Back key, another bookmark
        st.session_state[SEARCH] = in_address
    typed = st.text_input(
        words("search"),
        key=SEARCH,
        placeholder=words("client_id"),
        type="search",
        label_visibility="collapsed",
        persist_state="session",
        width=190,
    )
    found = find(ids, typed or "")
    if len(found) == 1:
        chosen: ClientId | None = found[0]
        address.write_client(found[0])
    else:
        chosen = exact(ids, in_address)
        if found:
            list_ids(words, found)
        else:
            list_ids(words, ids)
            st.warning(words("none_found", typed=(typed or "").strip()))
    st.session_state[CLIENT] = chosen
    st.session_state[ADDRESS] = address.client_text()


def find(ids: list[ClientId], typed: str) -> list[ClientId]:
    """The id that is typed, or else all that begin so; large and small letters count alike."""
    beginning = typed.strip()
    for text in (typed, beginning):
        if (named := exact(ids, text)) is not None:
            return [named]
    folded = beginning.casefold()
    return [each for each in ids if str(each).casefold().startswith(folded)] if folded else ids


def exact(ids: list[ClientId], text: str) -> ClientId | None:
    """The id that is written exactly so."""
    return next((each for each in ids if str(each) == text), None) if text else None


def list_ids(words: Words, found: list[ClientId]) -> None:
    """Show a list of the first ids that a search finds, and how many it finds."""
    st.session_state[LISTED] = None
    options = found[:MOST_LISTED]
    label = words(
        "listed_all" if len(found) == len(options) else "listed_first",
        found=words.number(len(found)),
        listed=words.number(len(options)),
    )
    st.selectbox(
        label,
        options,
        index=None,
        format_func=str,
        key=LISTED,
        placeholder=label,
        label_visibility="collapsed",
        on_change=open_listed,
        width=240,
    )


def open_listed() -> None:
    """Open the client chosen from the list."""
    if (client := st.session_state[LISTED]) is not None:
        address.write_client(client)


def service() -> PinnedService:
    """The service, pinned to this page's model."""
    return cast(PinnedService, st.session_state[SERVICE])


def chosen_client() -> ClientId:
    """The chosen client's id; without one, ask for it and end the page."""
    client = st.session_state.get(CLIENT)
    if client is None:
        st.title(words()("nobody_chosen"))
        st.info(words()("choose_first"))
        st.stop()
    return cast(ClientId, client)
