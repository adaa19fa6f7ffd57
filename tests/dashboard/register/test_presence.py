"""A service without a register, with one, and with one that does not answer."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import streamlit as st
from pysqlite3 import dbapi2
from streamlit.testing.v1 import AppTest

from advisor.register.register_api import RegisterApi
from advisor.service_client.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, connected, text_of
from tests.dashboard.register.conftest import (
    CALLERS,
    KEY,
    Interrupted,
    choose,
    press,
    register_settings,
)
from tests.support.bundles.folders import another_model, put
from tests.support.servers.forks import Forks
from tests.support.servers.server import SELDOM, Server, wait_for

PAGES = ["Client", "Why", "Simulate", "Compare", "New application", "Letter", "Model"]
REGISTER_PAGES = ["History", "Work list", "The model at work"]


def links(page: AppTest) -> list[str]:
    """The names of the pages above; other links have other labels."""
    labels = [link.proto.label for link in page.main.get("page_link")]
    return [label for label in labels if label in (*PAGES, *REGISTER_PAGES)]


@pytest.mark.parametrize("name", ["client", "application", "letter"])
def test_without_a_register_nothing_of_it_shows(
    open_page: PageOpener, service_server: Server, refused_client: int, name: str
):
    page = open_page(name, refused_client)
    assert links(page) == PAGES
    text = text_of(page).lower()
    assert "record this" not in text
    assert "register" not in text


def test_with_a_register_there_are_other_pages(open_register_page: PageOpener, refusal: int):
    page = open_register_page("client", refusal)
    assert links(page) == [*PAGES, *REGISTER_PAGES]
    assert "Record this decision" in [header.value for header in page.main.subheader]


def test_a_page_costs_no_other_request(
    open_register_page: PageOpener, interrupted: Interrupted, refusal: int
):
    """The state is requested once a minute, and the panel reads no decision."""
    interrupted.path = ""
    page = open_register_page("client", refusal)
    page.run()
    page.run()
    assert interrupted.paths.count("GET /health") == 1
    cached = {"/get_ids", "/get_test", "/features", "/importance"}
    assert interrupted.paths.count("GET /model") == 3 + len(cached)  # once after each of them
    assert all(interrupted.paths.count(f"GET {path}") == 1 for path in cached)
    assert not [each for each in interrupted.paths if "/decisions" in each]


def test_a_key_that_may_not_score(
    open_register_page: PageOpener, refusal: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("API_KEY", CALLERS["auditor"][0])
    page = open_register_page("client", refusal)
    (error,) = page.main.error
    assert error.value.endswith("the key of auditor lacks the role score.")
    assert links(page) == [*PAGES, *REGISTER_PAGES]


class TestRegisterAway:
    """Another process holds the lock of the database."""

    @contextmanager
    def locked(self, folder: Path) -> Iterator[None]:
        with closing(dbapi2.connect(folder / "register.db")) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.rollback()

    def test_a_decision_is_sent_again_later(
        self,
        open_register_page: PageOpener,
        register_folder: Path,
        register: RegisterApi,
        refusal: int,
    ):
        register.record({"client": refusal}, f"first-{refusal}")  # the bundle is archived
        page = open_register_page("client", refusal)
        choose(page, "follow")
        with self.locked(register_folder):
            press(page, "Record")
            assert page.main.error[0].value.startswith("The register cannot be used now: ")
            assert "It is not known whether the decision was recorded." in text_of(page)
            assert "Riskier than " in text_of(page)  # the rest of the page
            wait_for(lambda: register.state() == "away", pause=SELDOM)
            st.cache_data.clear()  # as after a minute
            page = open_register_page("client", refusal)
            away = "The register does not answer"
            assert any(each.value.startswith(away) for each in page.main.warning)
            draft = open_register_page("letter", refusal)
            assert draft.main.error[0].value.startswith("The register cannot be used now: ")
            assert draft.main.text_area[0].value.startswith("DRAFT")
            history = open_register_page("history", refusal)
            assert history.main.error[0].value.startswith("The register cannot be used now: ")
            assert history.main.button(key="again").label == "Try again"
        wait_for(lambda: register.state() == "ok", pause=SELDOM)
        page.run()
        assert not any(each.value.startswith(away) for each in page.main.warning)
        choose(page, "follow")
        press(page, "Record")
        assert page.main.success[0].value.startswith("Recorded: ")


@pytest.fixture(scope="module")
def swapping_folders(
    small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """The folder that a service uses, and one with another model."""
    root = tmp_path_factory.mktemp("swapping")
    shutil.copytree(small_bundle_folder, root / "served")
    another_model(small_bundle_folder, root / "other")
    return root / "served", root / "other"


@pytest.fixture(scope="module")
def swapping_service(swapping_folders: tuple[Path, Path], forks: Forks) -> Iterator[ServiceApi]:
    """A service with a register, whose model may be replaced."""
    folder, _ = swapping_folders
    settings = register_settings(folder.parent)
    with (
        Server(folder, workers=1, begin=forks.begin, **settings) as server,
        connected(server.url, KEY) as api,
    ):
        yield api


def test_the_model_is_replaced_before_the_recording(
    swapping_folders: tuple[Path, Path],
    swapping_service: ServiceApi,
    open_page: PageOpener,
    monkeypatch: pytest.MonkeyPatch,
):
    """The page tells the recorded decision, and sends no override of a decision not seen."""
    api, register = swapping_service, RegisterApi(swapping_service.connection)
    client = api.ids()[0]
    monkeypatch.setenv("API_URL", api.connection.url)
    monkeypatch.setenv("API_KEY", KEY)
    page = open_page("client", client)
    before = api.score({"client": client}, reasons=0)
    choose(page, "override", "OTHER", "A note")
    folder, other = swapping_folders
    put(other, folder)
    wait_for(lambda: api.model()["sha256"]["model.joblib"] != before["model"], pause=SELDOM)
    press(page, "Record")
    after = api.score({"client": client}, reasons=0)
    (decision,) = register.decisions(client=client)["decisions"]
    assert (decision["model"], decision["reviews"]) == (after["model"], 0)
    (warning,) = (each for each in page.main.warning if "The model has changed" in each.value)
    assert f"risk score {100 * after['probability']:.0f}, model {after['model']}" in warning.value
    assert "Your override or note was not recorded." in warning.value
    press(page, "Record today's decision as well")
    choose(page, "follow")
    press(page, "Record")
    assert page.main.success[0].value.startswith("Recorded: ")
    assert len(register.decisions(client=client)["decisions"]) == 2
