"""Each kind of classifier in each container: the model's probabilities, and reasons that add up.

`test_every_kind` takes some of these pairs through all routes.
"""

from typing import NamedTuple

import httpx
import numpy as np
import pytest

from main import create_app
from service.settings import Settings
from tests.kinds.containers import CONTAINERS
from tests.kinds.kind_folder import KindFolder
from tests.kinds.kinds import KINDS
from tests.kinds.test_every_kind import LIBRARIES, PAIRS, SINGLE_PRECISION
from tests.support.servers.inprocess import prepared_client

EXPLAINED = 3  # clients; permutations take long
WITHOUT_SCORECARD = set(KINDS) - {"logistic"}  # its points are a linear model's coefficients
# scikit-learn fits a stack of classifiers in none of these: before the fit it has no predict_proba.
WITHOUT_STACKING = ["tuned threshold", "fixed threshold", "calibrated isotonically"]


class ServedPair(NamedTuple):
    """A kind of classifier in a container, served; and applications of its clients."""

    kind: str
    folder: KindFolder
    http: httpx.Client
    bodies: list[dict[str, int]]


OTHERS = [
    (kind, container)
    for kind in KINDS
    for container in CONTAINERS
    if (kind, container) not in PAIRS
    and not (container == "scorecard" and kind in WITHOUT_SCORECARD)
    and not (kind == "stacking" and container in WITHOUT_STACKING)
]


@pytest.fixture(scope="module", params=OTHERS, ids=" in ".join)
def served_pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ServedPair:
    kind, container = request.param
    for name in {kind, container} & LIBRARIES.keys():
        pytest.importorskip(LIBRARIES[name])
    path = tmp_path_factory.mktemp("pair") / "ressources"
    folder = KindFolder(path, KINDS[kind](), CONTAINERS[container])
    http = prepared_client(create_app(Settings(ressources_dir=path)))
    return ServedPair(kind, folder, http, [{"client": client} for client in folder.ids])


def test_a_pair_scores_as_its_makers(served_pair: ServedPair):
    _, folder, http, bodies = served_pair
    answer = http.post("/score?reasons=0", json=bodies)
    assert answer.status_code == 200, answer.text
    scored = answer.json()
    assert [one["probability"] for one in scored] == folder.expected
    assert len(set(folder.expected)) > 1


def test_reasons_of_a_pair_add_up(served_pair: ServedPair):
    kind, _, http, bodies = served_pair
    explained = http.post("/score?reasons=10", json=bodies[:EXPLAINED])
    assert explained.status_code == 200, explained.text
    found = explained.json()
    (unit,) = {one["contributions_in"] for one in found}
    if unit == "margin":
        return  # adds up to no number that a caller sees
    probability = np.clip([one["probability"] for one in found], 1e-12, 1 - 1e-12)
    log_odds = np.log(probability / (1 - probability))
    outputs = log_odds if unit == "log-odds" else probability
    sums = [sum(part["contribution"] for part in one["reasons"]) + one["other"] for one in found]
    tolerance = SINGLE_PRECISION if kind == "xgboost" else 1e-10
    digits = 1 / (probability * (1 - probability)).min() if unit == "log-odds" else 1
    assert np.ptp(outputs - sums) <= 20 * tolerance * digits
