"""Applications that wait: what is one call, and what is a call of its own."""

import json
from collections.abc import Callable, Hashable
from pathlib import Path

import httpx
import pytest

import main
from main import Service, Settings, create_app
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


def test_a_list_beyond_those_that_wait_is_told_to_come_back(service: Service, http: httpx.Client):
    pool = service.lists
    pool._running |= dict.fromkeys(range(main.LISTS_WAITING))
    answer = http.post("/score", json=[{"client": CLIENT}])
    pool._running.clear()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json() == {"detail": "too many explanations at once"}
    assert http.post("/score", json=[{"client": CLIENT}]).status_code == 200
