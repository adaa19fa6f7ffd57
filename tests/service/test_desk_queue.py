"""Applications that wait: what is one call, and what is a call of its own."""

import json
import sys
from collections.abc import Callable, Hashable
from pathlib import Path

import httpx
import pytest

import main
from main import Service, Settings, create_app
from serving.gunicorn_worker import giving_way
from tests.support.inprocess import prepared_client

CLIENT = 248124


@pytest.fixture(scope="module")
def service(sound: Path) -> Service:
    return create_app(Settings(ressources_dir=sound, request_log=False))


@pytest.fixture(scope="module")
def http(service: Service) -> httpx.Client:
    return prepared_client(service)


@pytest.mark.parametrize(
    ("length", "is_known_again"),
    [(10, True), (main.SHORT, True), (main.SHORT + 1, False)],
)
def test_long_bodies_are_not_hashed_on_the_event_loop(
    service: Service,
    http: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    length: int,
    is_known_again: bool,
):
    """The key of a call is: what is the same twice has the same key where it is short."""
    keys: list[Hashable] = []

    async def run(key: Hashable, function: Callable[[], bytes]) -> bytes:
        keys.append(key)
        return function()

    monkeypatch.setattr(service.lists, "run", run)
    body = json.dumps([{"client": CLIENT}]).ljust(length)
    assert http.post("/score", content=body).status_code == 200
    assert http.post("/score", content=body).status_code == 200
    assert (keys[0] == keys[1]) == is_known_again


@pytest.mark.parametrize("is_quick", [True, False])
def test_lists_make_pauses_where_the_transformer_itself_is_asked(
    service: Service, http: httpx.Client, monkeypatch: pytest.MonkeyPatch, is_quick: bool
):
    """That is long in pandas, whose short operations keep the event loop waiting."""
    found: list[bool] = []

    async def run(_: Hashable, function: Callable[[], bytes]) -> bytes:
        body = function()
        found.append(function.func is giving_way)  # type: ignore[attr-defined]
        return body

    transformer = service.folder.current.bundle.scorer.transformer
    assert transformer.quickly is not None
    if not is_quick:
        monkeypatch.setitem(vars(transformer), "quickly", None)
    monkeypatch.setattr(service.lists, "run", run)
    record = http.get("/get_test", params={"param_name": CLIENT}).json()["data"]
    (found_of_record,) = http.post("/score", content=f'[{{"record":{record}}}]').json()
    of_client = http.post("/score", json={"client": CLIENT}).json()
    assert found_of_record["probability"] == of_client["probability"]
    assert found == [not is_quick]
    assert sys.getprofile() is None


def test_a_list_beyond_those_that_wait_is_told_to_come_back(
    service: Service, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as full:
        full.setattr(service.lists, "_calls", dict.fromkeys(range(main.LISTS_WAITING)))
        answer = http.post("/score", json=[{"client": CLIENT}])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json() == {"detail": "too many explanations at once"}
    assert http.post("/score", json=[{"client": CLIENT}]).status_code == 200
