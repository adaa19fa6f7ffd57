"""The address of a page: what it keeps, what it refuses, and the links that carry it."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from advisor.service_client.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, text_of

CHANGES = {"AMT_CREDIT": 438265.5, "AMT_ANNUITY": None}
LEFT_OUT = "The address has changes that cannot be made. They are left out."
FEATURES: dict[str, Any] = {
    "AMOUNT": {"change": "down", "kind": "number"},
    "FLAG": {"change": "any", "kind": "flag"},
    "TEXT": {"change": "any", "kind": "text"},
    "BIRTH": {"change": "none", "kind": "number"},
}


def read_changes(features: dict) -> None:
    """A page that tells what it reads; Streamlit runs this function's source only."""
    import streamlit as st

    from advisor import address

    st.session_state["read"] = address.changes(features)
    st.session_state["unusable"] = address.has_unusable_changes(features)


def links_of(page: AppTest) -> dict[str, dict[str, list[str]]]:
    """The query of each link to a page, by the page's name in the address."""
    found = (link.proto for link in page.get("page_link"))
    return {each.page: parse_qs(each.query_string) for each in found}


@pytest.mark.parametrize(
    ("text", "read", "is_unusable"),
    [
        ("", {}, False),
        ('{"AMOUNT":0.12345678901234567,"FLAG":1,"TEXT":"a b"}', None, False),
        ('{"AMOUNT":null,"TEXT":null}', None, False),
        ('{"AMOUNT":1,"BIRTH":-20000}', {"AMOUNT": 1}, True),
        ('{"AMOUNT":1,"UNKNOWN":2}', {"AMOUNT": 1}, True),
        ('{"AMOUNT":"1","FLAG":true,"TEXT":2}', {}, True),
        ('{"AMOUNT":NaN,"FLAG":1e999}', {}, True),
        (f'{{"AMOUNT":1{"0" * 400}}}', {}, True),
        ('{"AMOUNT":[1],"TEXT":{}}', {}, True),
        (r'{"TEXT":"\ud800"}', {}, True),
        ("[]", {}, True),
        ('{"AMOUNT":', {}, True),
        ("[" * 100_000, {}, True),
    ],
)
def test_changes_are_checked(text: str, read: dict[str, Any] | None, is_unusable: bool):
    page = AppTest.from_function(read_changes, args=(FEATURES,))
    page.query_params["changes"] = text
    page.run()
    assert not page.exception
    assert page.session_state["read"] == (json.loads(text) if read is None else read)
    assert page.session_state["unusable"] is is_unusable


def test_links_keep_client_language_and_changes(open_page: PageOpener, refused_client: int):
    page = open_page("model", refused_client, "fr", CHANGES)
    links = links_of(page)
    assert set(links) >= {"", "why", "simulate", "compare", "application", "letter", "model"}
    for query in links.values():
        assert query["client"] == [str(refused_client)]
        assert query["language"] == ["fr"]
        assert json.loads(query["changes"][0]) == CHANGES


def test_another_client_has_no_changes(
    open_page: PageOpener, refused_client: int, accepted_client: int
):
    page = open_page("model", refused_client, "fr", CHANGES)
    page.main.text_input(key="search").set_value(str(accepted_client)).run()
    assert page.query_params == {"client": str(accepted_client), "language": "fr"}
    assert {tuple(query) for query in links_of(page).values()} == {("client", "language")}


def test_a_language_is_kept_in_the_address(open_page: PageOpener, refused_client: int):
    page = open_page("model", refused_client)
    page.main.radio(key="language").set_value("fr").run()
    assert page.query_params == {"client": str(refused_client), "language": "fr"}
    assert page.title[0].value == "Modèle"
    assert links_of(page)["why"]["language"] == ["fr"]


def test_an_unknown_language_is_english(open_page: PageOpener):
    page = open_page("model", language="xx")
    assert page.title[0].value == "Model"
    assert page.main.radio(key="language").value == "en"


@pytest.mark.parametrize("client", ["0", "<b>no</b>", "[a](b)", "x" * 5000])
def test_an_unknown_client_gets_a_sentence(open_page: PageOpener, client: str):
    page = open_page("client", client)
    assert not page.main.error
    assert "No new client has an id that begins with" in page.main.warning[0].value
    assert page.info[0].value.startswith("Choose a client first")
    assert page.session_state["client"] is None


def test_another_address_replaces_the_client(
    open_page: PageOpener, api: ServiceApi, refused_client: int, accepted_client: int
):
    """The Back key and a bookmark change the address of a page that is open."""
    page = open_page("model", refused_client)
    page.query_params["client"] = str(accepted_client)
    page.run()
    assert page.session_state["client"] == accepted_client
    assert page.main.text_input(key="search").value == str(accepted_client)


def test_unusable_changes_get_a_sentence(open_page: PageOpener, refused_client: int):
    assert LEFT_OUT in text_of(open_page("model", refused_client, changes={"NO_FEATURE": 1.0}))
    assert LEFT_OUT not in text_of(open_page("model", refused_client, changes={}))
