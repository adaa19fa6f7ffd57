"""Applications in the queue: equal requests, pauses within a list, and a full queue."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from main import Application, create_app
from service.requests import SHORT, ScoreRequest
from service.settings import Settings
from serving import batching
from serving.batching import CallQueue, Responses
from serving.workers.gunicorn_worker import giving_way
from tests.support.servers.inprocess import prepared_client

CLIENT = 248124


@pytest.fixture(scope="module")
def app(small_bundle_folder: Path) -> Application:
    return create_app(Settings(ressources_dir=small_bundle_folder, request_log=False))


@pytest.fixture(scope="module")
def http(app: Application) -> httpx.Client:
    return prepared_client(app)


@pytest.mark.parametrize(
    ("length", "is_known_again"), [(10, True), (SHORT, True), (SHORT + 1, False)]
)
def test_only_requests_with_short_bodies_are_equal(length: int, is_known_again: bool):
    """Comparing long bodies would hold the event loop, so each long one is a call of its own."""
    body = json.dumps([{"client": CLIENT}]).ljust(length).encode()
    one, same = (ScoreRequest(bytes(bytearray(body)), 4, "near") for _ in range(2))
    assert (one == same) == is_known_again
    assert (hash(one) == hash(same)) == is_known_again
    assert one != ScoreRequest(body, 3, "near")


@pytest.mark.parametrize("is_quick", [True, False])
def test_a_list_gives_way_if_the_transformer_itself_is_called(
    app: Application, http: httpx.Client, monkeypatch: pytest.MonkeyPatch, is_quick: bool
):
    """The transformer is long in pandas, whose short operations keep the event loop waiting."""
    found: list[bool] = []

    def noted(function: Callable[[], Any]) -> Any:
        found.append(True)
        return giving_way(function)

    transformer = app.service.folder.current.bundle.scorer.transformer
    assert transformer.vectorised is not None
    if not is_quick:
        monkeypatch.setitem(vars(transformer), "vectorised", None)
    monkeypatch.setattr(batching, "giving_way", noted)
    record = http.get("/get_test", params={"param_name": CLIENT}).json()["data"]
    (found_of_record,) = http.post("/score", content=f'[{{"record":{record}}}]').json()
    of_client = http.post("/score", json={"client": CLIENT}).json()
    assert found_of_record["probability"] == of_client["probability"]
    assert found == [True] * (not is_quick)
    assert sys.getprofile() is None


def test_a_list_is_refused_with_503_if_the_queue_is_full(
    app: Application, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as full:
        full.setattr(app.service, "lists", Responses(CallQueue(0, "none")))
        answer = http.post("/score", json=[{"client": CLIENT}])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json() == {"detail": "too many explanations at once"}
    assert http.post("/score", json=[{"client": CLIENT}]).status_code == 200


def test_a_score_without_reasons_takes_no_place_in_the_queue(
    app: Application, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(app.service, "bodies", Responses(CallQueue(0, "none")))
    answers = [http.post(f"/score?reasons={n}", json={"client": CLIENT}) for n in (0, 1)]
    assert [answer.status_code for answer in answers] == [200, 503]
