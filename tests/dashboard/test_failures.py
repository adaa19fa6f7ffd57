"""Where there is no answer, or none of one model: a sentence and a way on, never a trace."""

import functools
import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from advisor import state
from advisor.client import Service
from advisor.desk import Desk
from advisor.errors import ModelChanged
from tests.dashboard.conftest import APP, SECONDS, Answering, Open, words_of
from tests.support.folders import another_model, put
from tests.support.server import HOST, Server, free_port, wait_for


def opened(monkeypatch: pytest.MonkeyPatch, url: str) -> AppTest:
    monkeypatch.setenv("API_URL", url)
    page = AppTest.from_file(APP, default_timeout=SECONDS).run()
    assert not page.exception
    return page


def check(page: AppTest, sentence: str, way_on: str) -> None:
    said = words_of(page)
    assert sentence in said
    assert way_on in said
    assert "Traceback" not in said
    assert page.main.button(key="again").label == "Try again"


def test_a_service_that_is_away(monkeypatch: pytest.MonkeyPatch):
    url = f"http://{HOST}:{free_port()}"
    page = opened(monkeypatch, url)
    check(page, f"The service does not answer at {url}.", "Try again in a minute")


def test_a_service_that_is_slow(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(state, "Service", functools.partial(Service, seconds=0.05))
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen()
        page = opened(monkeypatch, f"http://{HOST}:{silent.getsockname()[1]}")
    check(page, "The service took too long to answer.", "Nothing was changed or lost.")


@pytest.mark.parametrize(
    ("status", "sentence", "way_on"),
    [
        (401, "does not know this dashboard's key", "sets API_KEY"),
        (503, "The service is busy: it says so", "in a few seconds"),
        (500, "an answer that is none: it says so", "its log says more"),
    ],
)
def test_an_answer_that_is_an_error(
    monkeypatch: pytest.MonkeyPatch, answering: Answering, status: int, sentence: str, way_on: str
):
    page = opened(monkeypatch, answering(status, json.dumps({"detail": "it says so"}).encode()))
    check(page, sentence, way_on)


def test_a_client_who_is_gone(open_page: Open, monkeypatch: pytest.MonkeyPatch):
    st.cache_data.clear()
    monkeypatch.setattr(Service, "ids", lambda _: [1])
    page = open_page("client", 1)
    st.cache_data.clear()
    check(page, "The service does not know this client: unknown client 1", "Choose another client")


@pytest.fixture
def replaced(desk_folder: Path, tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """A server, and the folder that it serves."""
    folder = Path(shutil.copytree(desk_folder, tmp_path / "served"))
    with Server(folder, workers=1) as server:
        yield server, folder


def test_two_models_are_never_mixed(
    replaced: tuple[Server, Path], desk_folder: Path, tmp_path: Path, open_page: Open,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    server, folder = replaced
    other = tmp_path / "other"
    another_model(desk_folder, other)
    with Service(server.url) as service:
        begun = Desk.of(service)
        client, another = begun.ids()[:2]
        begun.score({"client": client})
        put(other, folder)
        wait_for(lambda: service.model()["sha256"] != begun.facts["sha256"])
        with pytest.raises(ModelChanged):  # the answer names its model
            begun.score({"client": client})
        with pytest.raises(ModelChanged):  # it does not
            begun.record(another)
        now = service.score({"client": client})
    monkeypatch.setenv("API_URL", server.url)
    page = open_page("letter", client)
    assert now["model"] in page.main.code[0].value
    monkeypatch.setattr(Service, "score", lambda *_, **__: {**now, "model": begun.model})
    check(page.run(), "The model was replaced while this page was being made.", "Try again")
