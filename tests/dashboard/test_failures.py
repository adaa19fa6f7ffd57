"""Where there is no answer, or none of one model: a sentence and a way on, never a trace.

The failures are a real service's: it has a key, is stopped, gets other files, is killed. A stub
stands only for answers that a real one cannot be brought to give at will.
"""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from advisor import state
from advisor.client import Service
from advisor.desk import Desk
from advisor.errors import ModelChanged
from credit_scoring.files import ID, NEW_FILE
from tests.dashboard.conftest import APP, SECONDS, Answering, Open, words_of
from tests.support.folders import another_model, put, write_metadata
from tests.support.forks import Forks
from tests.support.server import HOST, SELDOM, Server, free_port, wait_for

KEY = "the-right-key"
CHANGED = "The model was replaced while this page was being made."


def opened(monkeypatch: pytest.MonkeyPatch, url: str, key: str = "") -> AppTest:
    monkeypatch.setenv("API_URL", url)
    monkeypatch.setenv("API_KEY", key)
    page = AppTest.from_file(APP, default_timeout=SECONDS).run()
    assert not page.exception
    return page


def check(page: AppTest, sentence: str, way_on: str) -> None:
    assert not page.exception
    said = words_of(page)
    assert sentence in said
    assert way_on in said
    assert "Traceback" not in said
    assert page.main.button(key="again").label == "Try again"


def again(page: AppTest) -> str:
    """What the page says after the way on is taken."""
    page.main.button(key="again").click().run()
    assert not page.exception
    assert not page.main.error
    return words_of(page)


def test_a_service_that_was_never_there(monkeypatch: pytest.MonkeyPatch):
    url = f"http://{HOST}:{free_port()}"
    page = opened(monkeypatch, url)
    check(page, f"The service does not answer at {url}.", "Try again in a minute")


@pytest.mark.parametrize(
    ("status", "sentence", "way_on"),
    [
        (503, "The service is busy: it says so", "in a few seconds"),
        (500, "an answer that is none: it says so", "its log says more"),
    ],
)
def test_an_answer_that_is_an_error(
    monkeypatch: pytest.MonkeyPatch, answering: Answering, status: int, sentence: str, way_on: str
):
    page = opened(monkeypatch, answering(status, json.dumps({"detail": "it says so"}).encode()))
    check(page, sentence, way_on)


class Folders:
    """A real service with a key, and two models that take turns in its folder."""

    def __init__(
        self, server: Server, service: Service, folder: Path, models: tuple[Path, Path]
    ) -> None:
        self.server, self.service, self.folder, self.models = server, service, folder, models

    def swap(self) -> None:
        """Put the other model into the folder, and wait until it is in use."""
        before = self.service.model()["sha256"]
        self.models = self.models[::-1]
        put(self.models[0], self.folder)
        wait_for(lambda: self.service.model()["sha256"] != before, pause=SELDOM)


@pytest.fixture(scope="module")
def real(sound: Path, tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[Folders]:
    """The service; its second model has all clients but the first one of the first model."""
    root = tmp_path_factory.mktemp("failures")
    folder, other = Path(shutil.copytree(sound, root / "served")), root / "other"
    another_model(sound, other)
    new = pd.read_csv(other / NEW_FILE, index_col=0)
    new[new[ID] != first_client(sound)].to_csv(other / NEW_FILE)
    write_metadata(other)
    with (
        Server(folder, workers=1, begin=forks.begin, API_KEY=KEY) as server,
        Service(server.url, KEY) as service,
    ):
        yield Folders(server, service, folder, (sound, other))


def first_client(folder: Path) -> int:
    return int(pd.read_csv(folder / NEW_FILE, index_col=0)[ID].iloc[0])


def during(
    monkeypatch: pytest.MonkeyPatch, method: str, action: Callable[[], None]
) -> pytest.MonkeyPatch:
    """Let something happen right before the dashboard asks a route for the next time."""
    ask = getattr(Service, method)

    def asked(self: Service, *given: Any, **named: Any) -> Any:
        monkeypatch.setattr(Service, method, ask)
        action()
        return ask(self, *given, **named)

    monkeypatch.setattr(Service, method, asked)
    return monkeypatch


@pytest.fixture
def open_real(real: Folders, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a page of that service; nothing that it said before is kept."""
    st.cache_data.clear()
    monkeypatch.setenv("API_URL", real.server.url)
    monkeypatch.setenv("API_KEY", KEY)
    return open_page


@pytest.mark.parametrize("key", ["", "another-key"])
def test_a_wrong_key(real: Folders, monkeypatch: pytest.MonkeyPatch, key: str):
    page = opened(monkeypatch, real.server.url, key)
    check(page, "does not know this dashboard's key", "sets API_KEY")
    monkeypatch.setenv("API_KEY", KEY)  # who runs it does what the page says
    assert "Choose a client first" in again(page)


def test_a_service_that_is_slow(
    real: Folders, open_real: Open, refused: int, monkeypatch: pytest.MonkeyPatch
):
    """Stopped by a signal, it takes connections up and answers none."""
    page = open_real("letter", refused)
    process = real.server.process.pid
    os.killpg(process, signal.SIGSTOP)
    try:
        with (
            Service(real.server.url, KEY, seconds=0.05) as hasty,
            monkeypatch.context() as patched,
        ):
            patched.setattr(state, "service", lambda: hasty)
            page.run()
    finally:
        os.killpg(process, signal.SIGCONT)
    check(page, "The service took too long to answer.", "Nothing was changed or lost.")
    assert not page.main.code
    again(page)
    assert f"client {refused}" in page.main.code[0].value


def test_answers_of_two_models_are_never_taken_together(real: Folders):
    begun = Desk.of(real.service)
    client, another = begun.ids()[1:3]
    begun.score({"client": client})
    real.swap()
    with pytest.raises(ModelChanged):  # the answer names its model
        begun.score({"client": client})
    with pytest.raises(ModelChanged):  # it does not
        begun.record(another)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("letter", "score"),
        ("what_if", "sensitivity"),
        ("what_if", "alternatives"),
        ("client", "record"),
        ("why", "explanation"),
        ("why", "importance"),
        ("compare", "reference_values"),
        ("model", "drift"),
        ("application", "features"),
    ],
)
def test_a_page_ends_where_the_model_is_swapped(
    real: Folders, open_real: Open, monkeypatch: pytest.MonkeyPatch, name: str, method: str
):
    """Nothing of an answer that comes after the swap is shown; the way on is the new model."""
    client = real.service.ids()[-1]
    answers: list[Any] = []
    ask = getattr(Service, method)

    def noted(*given: Any, **named: Any) -> Any:
        answers.append(ask(*given, **named))
        return answers[-1]

    monkeypatch.setattr(Service, method, noted)
    during(monkeypatch, method, real.swap)
    page = open_real(name, client)
    check(page, CHANGED, "Try again")
    assert len(answers) == 1
    assert not page.main.code
    again(page)
    now = real.service.model()
    assert page.session_state["desk"].facts == now
    if name == "letter":
        assert now["sha256"]["model.joblib"] in page.main.code[0].value


def test_a_form_starts_anew_where_the_files_are_others(real: Folders, open_real: Open):
    client = real.service.ids()[-1]
    page = open_real("what_if", client)
    income = page.main.number_input(key=f"what_if_{client}_AMT_INCOME_TOTAL")
    income.set_value(income.value + 1).run()
    real.swap()
    page.run()
    assert not page.exception
    assert "were replaced since the last page" in page.main.info[0].value
    for name in ("AMT_INCOME_TOTAL", "AMT_CREDIT"):
        control = page.main.number_input(key=f"what_if_{client}_{name}")
        assert control.value == real.service.record(client)[name]
    assert "With these values" not in words_of(page)
    page.run()
    assert not page.main.info  # said once


def test_a_client_who_is_gone(
    real: Folders, open_real: Open, sound: Path, monkeypatch: pytest.MonkeyPatch
):
    client = first_client(sound)
    if client not in real.service.ids():
        real.swap()
    during(monkeypatch, "score", real.swap)
    page = open_real("client", client)
    check(page, f"does not know this client: unknown client {client}", "Choose another client")
    assert "Choose a client first" in again(page)  # the new files do not have them


def test_a_service_that_is_killed(real: Folders, open_real: Open, refused: int):
    """The last test of it."""
    page = open_real("why", refused)
    os.killpg(real.server.process.pid, signal.SIGKILL)
    real.server.process.wait()
    page.run()
    check(page, f"does not answer at {real.server.url}.", "Try again in a minute")
