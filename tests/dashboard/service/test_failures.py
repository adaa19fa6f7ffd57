"""Failures of a real service and swaps of its model: a sentence, a next step, no traceback."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from advisor import session
from advisor.service_client.errors import ModelChanged
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.service_api import ServiceApi
from credit_scoring.data.artifacts import ID, MODEL_FILE, NEW_FILE, SKOPS_FILE
from tests.dashboard.conftest import (
    APP,
    SECONDS,
    PageOpener,
    StubServer,
    connected,
    paused,
    text_of,
)  # fmt: skip
from tests.kinds.own_module import add_skops
from tests.support.bundles.folders import another_model, put, write_metadata
from tests.support.servers.forks import Forks
from tests.support.servers.server import HOST, SELDOM, Server, free_port, wait_for

KEY = "the-right-key"
CHANGED = "The model was replaced while this page was being made."


def page_of(monkeypatch: pytest.MonkeyPatch, url: str, key: str = "") -> AppTest:
    """The first page of a dashboard that calls the service at an address."""
    monkeypatch.setenv("API_URL", url)
    monkeypatch.setenv("API_KEY", key)
    page = AppTest.from_file(APP, default_timeout=SECONDS).run()
    assert not page.exception
    return page


def check_failure(page: AppTest, sentence: str, next_step: str) -> None:
    """The page shows a sentence, the next step and a button that tries again."""
    assert not page.exception
    text = text_of(page)
    assert sentence in text
    assert next_step in text
    assert "Traceback" not in text
    assert page.main.button(key="again").label == "Try again"


def try_again(page: AppTest) -> str:
    """The page's text after its button was pressed; it shows no failure."""
    page.main.button(key="again").click().run()
    assert not page.exception
    assert not page.main.error
    return text_of(page)


def test_no_service_at_the_address(monkeypatch: pytest.MonkeyPatch):
    url = f"http://{HOST}:{free_port()}"
    page = page_of(monkeypatch, url)
    check_failure(page, f"The service does not answer at {url}.", "Try again in a minute")


@pytest.mark.parametrize(
    ("status", "sentence", "next_step"),
    [
        (503, "The service is busy: its reason", "in a few seconds"),
        (500, "an unexpected response: its reason", "its log has the details"),
    ],
)
def test_an_error_response(
    monkeypatch: pytest.MonkeyPatch,
    stub_server: StubServer,
    status: int,
    sentence: str,
    next_step: str,
):
    url = stub_server(status, json.dumps({"detail": "its reason"}).encode())
    check_failure(page_of(monkeypatch, url), sentence, next_step)


class SwappingService:
    """A real service with a key, and two models that take turns in its folder."""

    def __init__(
        self, server: Server, api: ServiceApi, folder: Path, models: tuple[Path, Path]
    ) -> None:
        self.server, self.api, self.folder, self.models = server, api, folder, models

    def swap(self) -> None:
        """Put the other model into the folder, and wait until it is in use."""
        before = self.api.model()["sha256"]
        self.models = self.models[::-1]
        put(self.models[0], self.folder)
        wait_for(lambda: self.api.model()["sha256"] != before, pause=SELDOM)


@pytest.fixture(scope="module")
def swapping_service(
    small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory, forks: Forks
) -> Iterator[SwappingService]:
    """The service; its second model lacks the first client of the first model."""
    root = tmp_path_factory.mktemp("failures")
    folder, other = Path(shutil.copytree(small_bundle_folder, root / "served")), root / "other"
    another_model(small_bundle_folder, other)
    new = pd.read_csv(other / NEW_FILE, index_col=0)
    new[new[ID] != first_client(small_bundle_folder)].to_csv(other / NEW_FILE)
    write_metadata(other)
    with (
        Server(folder, workers=1, begin=forks.begin, API_KEY=KEY) as server,
        connected(server.url, KEY) as api,
    ):
        yield SwappingService(server, api, folder, (small_bundle_folder, other))


def first_client(folder: Path) -> int:
    return int(pd.read_csv(folder / NEW_FILE, index_col=0)[ID].iloc[0])


def before_next_call(
    monkeypatch: pytest.MonkeyPatch, method: str, action: Callable[[], None]
) -> None:
    """Run an action right before the dashboard's next call of a route."""
    call = getattr(ServiceApi, method)

    @wraps(call)
    def called(self: ServiceApi, *args: Any, **options: Any) -> Any:
        monkeypatch.setattr(ServiceApi, method, call)
        action()
        return call(self, *args, **options)

    monkeypatch.setattr(ServiceApi, method, called)


@pytest.fixture
def open_swapping_page(
    swapping_service: SwappingService, open_page: PageOpener, monkeypatch: pytest.MonkeyPatch
) -> PageOpener:
    """Opens a page of the swapping service, with an empty cache."""
    st.cache_data.clear()
    monkeypatch.setenv("API_URL", swapping_service.server.url)
    monkeypatch.setenv("API_KEY", KEY)
    return open_page


@pytest.mark.parametrize("key", ["", "another-key"])
def test_a_wrong_key(swapping_service: SwappingService, monkeypatch: pytest.MonkeyPatch, key: str):
    page = page_of(monkeypatch, swapping_service.server.url, key)
    check_failure(page, "does not know this dashboard's key", "must set API_KEY")
    monkeypatch.setenv("API_KEY", KEY)  # as the page says
    assert "Choose a client first" in try_again(page)


def test_a_slow_service(
    swapping_service: SwappingService,
    open_swapping_page: PageOpener,
    refused_client: int,
    monkeypatch: pytest.MonkeyPatch,
):
    page = open_swapping_page("letter", refused_client)
    with (
        paused(swapping_service.server),
        connected(swapping_service.server.url, KEY, seconds=0.05) as impatient_api,
        monkeypatch.context() as patched,
    ):
        patched.setattr(session, "service_api", lambda: impatient_api)
        page.run()
    check_failure(page, "The service took too long to answer.", "Nothing was changed or lost.")
    assert not page.main.text_area
    try_again(page)
    assert f"Client {refused_client}" in page.main.text_area[0].value


class TestSwap:
    @pytest.fixture
    def outdated(self, swapping_service: SwappingService) -> PinnedService:
        """The service, pinned to a model that has been replaced since."""
        pinned = PinnedService(swapping_service.api)
        assert pinned.score({"client": pinned.ids()[1]})["model"]
        swapping_service.swap()
        return pinned

    def test_a_response_that_names_another_model_is_refused(self, outdated: PinnedService):
        with pytest.raises(ModelChanged):
            outdated.score({"client": outdated.ids()[1]})

    def test_a_model_without_code_is_named_by_its_own_file(self, swapping_service: SwappingService):
        folder = swapping_service.folder
        add_skops(folder)
        (folder / MODEL_FILE).unlink()
        wait_for(lambda: SKOPS_FILE in swapping_service.api.model()["sha256"], pause=SELDOM)
        pinned = PinnedService(swapping_service.api)
        assert pinned.score({"client": pinned.ids()[1]})["model"] == pinned.model_sha256
        swapping_service.swap()
        (folder / SKOPS_FILE).unlink()

    def test_a_response_without_a_models_name_is_refused(self, outdated: PinnedService):
        client = outdated.ids()[2]
        with pytest.raises(ModelChanged):
            outdated.record(client)

    @pytest.mark.parametrize(
        ("name", "method"),
        [
            ("letter", "score"),
            ("simulate", "sensitivity"),
            ("simulate", "counterfactuals"),
            ("client", "record"),
            ("why", "score"),
            ("why", "importance"),
            ("compare", "reference_values"),
            ("model", "psi_report"),
            ("application", "features"),
        ],
    )
    def test_a_page_ends_at_a_response_of_the_new_model(
        self,
        swapping_service: SwappingService,
        open_swapping_page: PageOpener,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
        method: str,
    ):
        """The page shows nothing of the response; the next step leads to the new model."""
        client = swapping_service.api.ids()[-1]
        calls: list[Any] = []
        call = getattr(ServiceApi, method)

        @wraps(call)
        def counted(*args: Any, **options: Any) -> Any:
            calls.append(args)
            return call(*args, **options)

        monkeypatch.setattr(ServiceApi, method, counted)
        before_next_call(monkeypatch, method, swapping_service.swap)
        page = open_swapping_page(name, client)
        check_failure(page, CHANGED, "Try again")
        assert len(calls) == 1
        assert not page.main.text_area
        try_again(page)
        now = swapping_service.api.model()
        assert page.session_state["service"].facts == now
        if name == "letter":
            assert now["sha256"]["model.joblib"][:12] in page.main.text_area[0].value

    def test_forms_start_again(
        self, swapping_service: SwappingService, open_swapping_page: PageOpener
    ):
        client = swapping_service.api.ids()[-1]
        page = open_swapping_page("simulate", client, changes={"AMT_INCOME_TOTAL": 1234.0})
        assert page.main.number_input(key=f"simulate_{client}_AMT_INCOME_TOTAL").value == 1234.0
        swapping_service.swap()
        page.run()
        assert not page.exception
        assert "were replaced since the last page" in page.main.info[0].value
        for name in ("AMT_INCOME_TOTAL", "AMT_CREDIT"):
            control = page.main.number_input(key=f"simulate_{client}_{name}")
            assert control.value == swapping_service.api.record(client)[name]
        assert "changes" not in page.query_params
        page.run()
        assert not page.main.info  # the note is shown once

    def test_a_client_who_is_not_in_the_new_files(
        self,
        swapping_service: SwappingService,
        open_swapping_page: PageOpener,
        small_bundle_folder: Path,
        monkeypatch: pytest.MonkeyPatch,
    ):
        client = first_client(small_bundle_folder)
        if client not in swapping_service.api.ids():
            swapping_service.swap()
        before_next_call(monkeypatch, "score", swapping_service.swap)
        page = open_swapping_page("client", client)
        sentence = f"does not know this client: unknown client {client}"
        check_failure(page, sentence, "Choose another client")
        assert "Choose a client first" in try_again(page)


def test_a_killed_service(
    swapping_service: SwappingService, open_swapping_page: PageOpener, refused_client: int
):
    """The last test of this file: it ends the service."""
    page = open_swapping_page("why", refused_client)
    os.killpg(swapping_service.server.process.pid, signal.SIGKILL)
    swapping_service.server.process.wait()
    page.run()
    url = swapping_service.server.url
    check_failure(page, f"does not answer at {url}.", "Try again in a minute")
