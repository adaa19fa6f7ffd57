"""Each kind of classifier in each container, asked over HTTP: the probabilities are the model's."""

import json
from typing import Any

import httpx
import numpy as np
import pytest

from main import create_app
from service.settings import Settings
from tests.kinds.containers import CONTAINERS
from tests.kinds.kind_folder import KindFolder
from tests.kinds.kinds import KINDS, NUMBERS
from tests.support.servers.inprocess import prepared_client

LIBRARIES = {
    "xgboost": "xgboost", "catboost": "catboost", "resampled": "imblearn",
    "scorecard": "optbinning", "binned": "optbinning",
}  # fmt: skip
SINGLE_PRECISION = 1e-6
NARROW = ["adaboostclassifier", "mlpclassifier"]  # whose scores here no one change turns
EVERYWHERE = ["lightgbm", "xgboost", "logistic"]  # in every container
SOMEWHERE = ["bare", "two steps", "three steps"]  # every kind

PAIRS = [
    (kind, container)
    for kind in KINDS
    for container in CONTAINERS
    if (kind in EVERYWHERE and container != "scorecard")
    or container in SOMEWHERE
    or (kind, container) == ("logistic", "scorecard")
]


class ServedFolder:
    """A folder and a client of the service that has loaded it."""

    def __init__(self, folder: KindFolder, http: httpx.Client) -> None:
        self.folder, self.http = folder, http

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, **query: Any) -> Any:
        answer = self.http.post(path, json=body, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def record(self, path: str, client: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get(path, param_name=client)["data"])
        return found


@pytest.fixture(scope="module", params=PAIRS, ids=" in ".join)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ServedFolder:
    kind, container = request.param
    for name in {kind, container} & LIBRARIES.keys():
        pytest.importorskip(LIBRARIES[name])
    path = tmp_path_factory.mktemp("kind") / "ressources"
    folder = KindFolder(path, KINDS[kind](), CONTAINERS[container])
    return ServedFolder(folder, prepared_client(create_app(Settings(ressources_dir=path))))


def test_every_client_gets_the_probability_of_the_model(served: ServedFolder):
    folder = served.folder
    assert served.get("/get_ids")["data"] == folder.ids
    scores = []
    for client, expected in zip(folder.ids, folder.expected, strict=True):
        found = served.post("/prediction/", served.record("/get_json", client))
        assert found["probability"] == expected
        raw = served.record("/get_test", client)
        assert served.post("/score", {"record": raw}, reasons=0)["probability"] == expected
        scores.append(found["probability"])
    bodies = [{"client": client} for client in folder.ids]
    together = served.post("/score", bodies, reasons=0)
    assert [one["probability"] for one in together] == scores
    assert len(set(scores)) > 1


def test_the_threshold_is_the_models_own(served: ServedFolder):
    expected = 0.4 if served.folder.stored.threshold is None else served.folder.stored.threshold
    assert served.get("/model")["threshold"] == expected
    found = served.post("/score", [{"client": client} for client in served.folder.ids], reasons=0)
    assert [one["prediction"] for one in found] == [
        int(score >= expected) for score in served.folder.expected
    ]


def test_reasons_add_up_to_the_difference_from_the_peers(served: ServedFolder):
    found = served.post("/score", [{"client": client} for client in served.folder.ids], reasons=10)
    units = {one["contributions_in"] for one in found}
    assert len(units) == 1
    if units == {"margin"}:
        return  # adds up to no number that a caller sees
    probability = np.array([one["probability"] for one in found])
    # Near 0 and 1 the log-odds of a double are known to fewer digits.
    inside = (probability > 1e-4) & (probability < 1 - 1e-4)
    outputs = np.log(probability / (1 - probability)) if units == {"log-odds"} else probability
    sums = np.array(
        [sum(reason["contribution"] for reason in one["reasons"]) + one["other"] for one in found]
    )
    tolerance = SINGLE_PRECISION if served.folder.kind.startswith("xgb") else 1e-10
    assert inside.sum() > 2
    assert np.ptp((outputs - sums)[inside]) <= 20 * tolerance * (1 + np.abs(outputs[inside]).max())
    assert np.ptp(sums) > 1e-3


def test_a_changed_number_scores_as_the_model_scores_it(served: ServedFolder):
    client = served.folder.ids[0]
    for name in NUMBERS:
        found = served.get("/sensitivity", client=client, feature=name)
        assert found["probability"] == served.folder.expected[0]
        steps = found["steps"]
        for value, probability in [*steps[:: max(1, len(steps) // 8)], steps[-1]]:
            assert served.folder.probability(client, **{name: value}) == probability


def test_alternatives_turn_the_decision(served: ServedFolder):
    threshold = served.get("/model")["threshold"]
    found = 0
    for client, score in zip(served.folder.ids, served.folder.expected, strict=True):
        for change in served.get("/alternatives", client=client)["alternatives"]:
            after = served.folder.probability(client, **{change["feature"]: change["value"]})
            assert after == change["probability"]
            assert (after >= threshold) != (score >= threshold)
            found += 1
    assert found or served.folder.kind in NARROW


@pytest.mark.parametrize("path", ["/importance", "/features", "/drift", "/health", "/get_feat"])
def test_other_routes_answer(served: ServedFolder, path: str):
    assert served.get(path)
