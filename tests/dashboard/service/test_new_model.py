"""A new model with the same clients and features, put in while a form is filled in."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from advisor.service_client.response_models import ClientId
from tests.dashboard.conftest import PageOpener, connected, text_of, walk_in_field
from tests.support.bundles.folders import (
    fewer_trees,
    put,
    without_probabilities,
    write_metadata,
)
from tests.support.servers.forks import Forks
from tests.support.servers.server import SELDOM, Server, wait_for

ACCEPTED, REFUSED = "Accepted: risk score", "Refused: risk score"
KEPT = "Your entries are kept"


def field_of(page: AppTest, name: str, client: ClientId) -> Any:
    """The field of the loan's amount on Simulate, or on New application."""
    if name == "application":
        return walk_in_field(page, "AMT_CREDIT")
    return page.main.number_input(key=f"simulate_{client}_AMT_CREDIT")


@pytest.mark.parametrize("name", ["simulate", "application"])
def test_entries_stay_and_every_decision_is_the_new_models(
    small_bundle_folder: Path,
    tmp_path: Path,
    forks: Forks,
    open_page: PageOpener,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
):
    """The first model accepts everybody, the second one nobody."""
    served, new = tmp_path / "served", tmp_path / "new"
    shutil.copytree(small_bundle_folder, served)
    without_probabilities(served)
    shutil.copytree(served, new)
    fewer_trees(new, 5)
    write_metadata(served, threshold=0.999)
    write_metadata(new, threshold=0.001)
    st.cache_data.clear()
    with (
        Server(served, workers=1, begin=forks.begin) as server,
        connected(server.url) as api,
    ):
        monkeypatch.setenv("API_URL", server.url)
        client, before = api.ids()[0], api.model()["sha256"]
        state = {"way_in": "client", "new_taken": client} if name == "application" else {}
        page = open_page(name, client, **state)
        field_of(page, name, client).set_value(250_000.0).run()
        assert ACCEPTED in text_of(page)
        put(new, served)
        wait_for(lambda: api.model()["sha256"] != before, pause=SELDOM)
        page.run()
        assert not page.exception
        assert KEPT in page.main.info[0].value
        assert field_of(page, name, client).value == 250_000.0
        assert REFUSED in text_of(page)
        assert ACCEPTED not in text_of(page)
        page.run()
        assert KEPT not in text_of(page)  # it is said once
