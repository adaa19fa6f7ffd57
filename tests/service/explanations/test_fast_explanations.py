"""Explanations by LightGBM and, later, by numba: equal to eleven digits, over HTTP."""

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
from credit_scoring.explain.tree_kernel import treeshap_numba
from credit_scoring.explain.tree_kernel.acceleration import accelerate
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.classifiers.classifier import Classifier
from main import create_app
from service import requests, served_bundle
from service.served_bundle import ServedBundle
from service.settings import Settings
from tests.support.bundles.cases import Case
from tests.support.servers.application import KEY
from tests.support.servers.inprocess import client_of
from tests.support.servers.server import Server, wait_for


def contributions(case: Case) -> np.ndarray:
    """The SHAP values of all clients, by LightGBM."""
    rows = np.asarray(case.pipeline[:-1].transform(case.inputs), dtype=float)
    return case.classifier.booster_.predict(rows, pred_contrib=True)


def test_every_client_of_lightgbm_keeps_his_explanation(lightgbm_case: Case):
    """Cached responses of LightGBM are replaced too."""
    app = create_app(Settings(ressources_dir=lightgbm_case.folder.path, fast_explanations=True))
    http, expected = client_of(app), contributions(lightgbm_case)

    def ask(client: int) -> dict:
        return http.get("/get_shap", params={"param_name": client}).json()

    clients = lightgbm_case.inputs.index.tolist()
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


@pytest.mark.parametrize("quickly", [False, True])
def test_the_libraries_of_fast_explanations_are_excluded_from_collections(
    lightgbm_case: Case, monkeypatch: pytest.MonkeyPatch, quickly: bool
):
    """Other folders are prepared without any such library."""
    excluded: list[bool] = []
    monkeypatch.setattr(
        served_bundle,
        "exclude_libraries",
        lambda: excluded.append(served.bundle.classifier.is_quick),
    )
    settings = Settings(ressources_dir=lightgbm_case.folder.path, fast_explanations=quickly)
    served = create_app(settings).service.folder.current
    served.prepare(quickly=quickly)
    assert excluded == ([True] if quickly else [])


def test_reasons_are_equal_by_lightgbm_and_by_numba(lightgbm_case: Case):
    found = []
    for fast in (False, True):
        app = create_app(Settings(ressources_dir=lightgbm_case.folder.path))
        http, served = client_of(app), app.service.folder.current
        assert served.claim()
        served.prepare(quickly=fast)
        list_of_all = [{"client": client} for client in lightgbm_case.inputs.index.tolist()]
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
def test_peers_do_not_wait_for_the_compiler(lightgbm_case: Case, monkeypatch, soon: bool):
    served = ServedBundle.read(lightgbm_case.folder.path, None, frozenset())
    classifier, peers = served.bundle.classifier, served.peers
    found = []

    def noted(classifier: Classifier, rows: np.ndarray) -> None:
        found.append(peers.done())
        accelerate(classifier, rows)

    monkeypatch.setattr(treeshap_numba, "is_at_hand", lambda: soon)
    monkeypatch.setattr(served_bundle, "accelerate", noted)
    served.prepare(quickly=True)
    assert found == [not soon]
    assert classifier.is_quick
    assert len(peers.result().probabilities) == len(served.bundle.reference)


def test_lightgbm_explains_if_numba_fails(lightgbm_case: Case, monkeypatch, caplog):
    def broken() -> bool:
        raise OSError("no disk")

    monkeypatch.setattr(treeshap_numba, "is_at_hand", broken)
    served = ServedBundle.read(lightgbm_case.folder.path, None, frozenset())
    served.prepare(quickly=True)
    assert not served.bundle.classifier.is_quick
    assert served.peers.result().groups
    assert caplog.messages[-1] == "explained by LightGBM itself: no disk"


def test_waiting_explanations_are_computed_in_batches(lightgbm_case: Case, monkeypatch):
    """Only by numba: LightGBM takes so long that each explanation is a call of its own."""
    batches = []

    def seen(bundle: Bundle, client_ids: Sequence[int]) -> list[bytes]:
        batches.append(len(client_ids))
        return explanation_bodies(bundle, client_ids)

    monkeypatch.setattr(requests, "explanation_bodies", seen)
    monkeypatch.setattr(requests, "EXPLAINED_TOGETHER", 8)
    app = create_app(Settings(ressources_dir=lightgbm_case.folder.path, fast_explanations=True))
    clients = lightgbm_case.inputs.index.tolist()
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


def test_a_server_switches_to_numba_after_its_start(
    keyed_server: Server, small_bundle_folder: Path
):
    model = joblib.load(small_bundle_folder / MODEL_FILE)
    assert isinstance(model[-1], LGBMClassifier)
    wait_for(lambda: keyed_server.said("explained by treeshap from now on"))
    key = {"X-API-Key": KEY}
    clients = keyed_server.ask_json("/get_ids", **key)["data"]
    with ThreadPoolExecutor(len(clients)) as callers:  # at once: some are explained together
        answers = callers.map(
            lambda client: keyed_server.ask_json(f"/get_shap?param_name={client}", **key), clients
        )
    for client, answer in zip(clients, answers, strict=True):
        rows = np.array(answer["data"], dtype=float)
        expected = model[-1].booster_.predict(rows, pred_contrib=True)[0, :-1]
        assert 0 < np.abs(np.ravel(answer["values"]) - expected).max() <= 1e-11
        known = json.loads(keyed_server.ask_json(f"/get_json?param_name={client}", **key)["data"])
        assert [list(known.values())] == answer["data"]
