"""Explanations before and after they became fast: the same to eleven digits, over HTTP."""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import joblib
import numpy as np
import pytest
from lightgbm import LGBMClassifier

from api.responses import explanation_bodies
from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.explain import treeshap_numba as treeshap_kernel
from credit_scoring.explain.acceleration import accelerate
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.classifiers.classifier import Classifier
from main import create_app
from service import served_bundle
from service.bundle_folder import read_served_bundle
from service.settings import Settings
from tests.support.application import KEY
from tests.support.inprocess import client_of
from tests.support.recipes import Case
from tests.support.server import Server, wait_for


def contributions(case: Case) -> np.ndarray:
    """By LightGBM, of all clients."""
    rows = np.asarray(case.pipeline[:-1].transform(case.inputs), dtype=float)
    return case.classifier.booster_.predict(rows, pred_contrib=True)


def test_every_client_of_lightgbm_keeps_his_explanation(simple: Case):
    """Those that were asked for before too: an answer is of one way."""
    app = create_app(Settings(ressources_dir=simple.folder.path, fast_explanations=True))
    http, expected = client_of(app), contributions(simple)

    def ask(client: int) -> dict:
        return http.get("/get_shap", params={"param_name": client}).json()

    clients = simple.inputs.index.tolist()
    before = {client: ask(client) for client in clients[:40]}
    app.service.folder.current.prepare(quickly=True)
    changed = 0
    for position, client in enumerate(clients):
        answer = ask(client)
        assert answer == ask(client)
        assert np.abs(np.ravel(answer["values"]) - expected[position, :-1]).max() <= 1e-11
        assert np.ravel(answer["base"]) == [expected[position, -1]]
        if client in before:
            changed += answer["values"] != before[client]["values"]
            assert {**before[client], "values": None} == {**answer, "values": None}
    assert changed > 5


def test_reasons_are_the_same_in_both_ways(simple: Case):
    found = []
    for fast in (False, True):
        app = create_app(Settings(ressources_dir=simple.folder.path))
        http, served = client_of(app), app.service.folder.current
        assert served.claim()
        served.prepare(quickly=fast)
        list_of_all = [{"client": client} for client in simple.inputs.index.tolist()]
        found.append(http.post("/score", json=list_of_all).json())
        assert served.bundle.classifier.is_quick == fast
    compared = 0
    for slowly, quickly in zip(*found, strict=True):
        assert slowly["probability"] == quickly["probability"]
        for one, other in zip(slowly["reasons"], quickly["reasons"], strict=True):
            assert abs(one.pop("contribution") - other.pop("contribution")) <= 1e-11
            assert one["group"] == other["group"]
            compared += 1
    assert compared > len(found[0])


@pytest.mark.parametrize("soon", [True, False])
def test_scores_do_not_wait_for_the_compiler(simple: Case, monkeypatch, soon: bool):
    served = read_served_bundle(simple.folder.path, None, frozenset())
    classifier, peers = served.bundle.classifier, served.peers
    found = []

    def noted(classifier: Classifier, rows: np.ndarray) -> None:
        found.append(peers.done())
        accelerate(classifier, rows)

    monkeypatch.setattr(treeshap_kernel, "is_at_hand", lambda: soon)
    monkeypatch.setattr(served_bundle, "accelerate", noted)
    served.prepare(quickly=True)
    assert found == [not soon]
    assert classifier.is_quick
    assert len(peers.result().probabilities) == len(served.bundle.reference)


def test_what_numba_raises_changes_nothing(simple: Case, monkeypatch, caplog):
    def broken() -> bool:
        raise OSError("no disk")

    monkeypatch.setattr(treeshap_kernel, "is_at_hand", broken)
    served = read_served_bundle(simple.folder.path, None, frozenset())
    served.prepare(quickly=True)
    assert not served.bundle.classifier.is_quick
    assert served.peers.result().groups
    assert caplog.messages[-1] == "explained by LightGBM itself: no disk"


def test_explanations_that_wait_are_made_together(simple: Case, monkeypatch):
    """Each is what it is alone; LightGBM's own take so long that each is made by itself."""
    batches = []

    def seen(bundle: Bundle, client_ids: Sequence[int]) -> list[bytes]:
        batches.append(len(client_ids))
        return explanation_bodies(bundle, client_ids)

    monkeypatch.setattr(served_bundle, "explanation_bodies", seen)
    monkeypatch.setattr(served_bundle, "EXPLAINED_TOGETHER", 8)
    app = create_app(Settings(ressources_dir=simple.folder.path, fast_explanations=True))
    clients = simple.inputs.index.tolist()
    paths = [f"/get_shap?param_name={client}" for client in clients]

    async def ask_at_once() -> list[bytes]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            answers = await asyncio.gather(*[http.get(path) for path in paths])
        assert {answer.status_code for answer in answers} == {200}
        return [answer.content for answer in answers]

    asyncio.run(ask_at_once())
    assert batches == [1] * len(paths)
    app.service.folder.current.prepare(quickly=True)
    batches.clear()
    together = asyncio.run(ask_at_once())
    assert batches == [1, 8, 8, 3]
    bundle = app.service.folder.current.bundle
    assert together == [explanation_bodies(bundle, [client])[0] for client in clients]


def test_a_server_makes_them_fast_by_itself(private: Server, sound: Path):
    model = joblib.load(sound / MODEL_FILE)
    assert isinstance(model[-1], LGBMClassifier)
    wait_for(lambda: private.said("explained by treeshap from now on"))
    key = {"X-API-Key": KEY}
    clients = private.ask_json("/get_ids", **key)["data"]
    with ThreadPoolExecutor(len(clients)) as callers:  # at once: some are explained together
        answers = callers.map(
            lambda client: private.ask_json(f"/get_shap?param_name={client}", **key), clients
        )
    for client, answer in zip(clients, answers, strict=True):
        rows = np.array(answer["data"], dtype=float)
        expected = model[-1].booster_.predict(rows, pred_contrib=True)[0, :-1]
        assert 0 < np.abs(np.ravel(answer["values"]) - expected).max() <= 1e-11
        known = json.loads(private.ask_json(f"/get_json?param_name={client}", **key)["data"])
        assert [list(known.values())] == answer["data"]
