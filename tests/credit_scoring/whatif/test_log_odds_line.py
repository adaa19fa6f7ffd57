"""Curves of linear and of smooth models: knots, and the double at which the decision turns."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.base import ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from credit_scoring.float_search import at, place
from credit_scoring.whatif.sensitivity import Sensitivity, sensitivity
from tests.credit_scoring.whatif.what_if_case import (
    LEAST,
    MIDDLE,
    POLE,
    PRODUCT,
    PROVED,
    RISK,
    NumpyFormula,
    WhatIfCase,
    with_formulas,
)
from tests.support.bundles.artefacts import NUMBERS, make_folder

THRESHOLD = 0.5
AROUND = 30  # doubles on either side of a turning point that are scored one by one
LINEAR = {
    MIDDLE: NumpyFormula(
        f"mean(`{RISK}`, OWN_CAR_AGE / 20) * 2 - AMT_CREDIT / 1e6",
        lambda f: (
            f[[RISK]].assign(o=f["OWN_CAR_AGE"] / 20).mean(axis=1) * 2 - f["AMT_CREDIT"] / 1e6
        ),
    ),
    LEAST: NumpyFormula(
        "min(AMT_CREDIT / 5e5, DAYS_BIRTH / -15000)",
        lambda f: np.minimum(f["AMT_CREDIT"] / 5e5, f["DAYS_BIRTH"] / -15000),
    ),
}


def scaled(classifier: ClassifierMixin, scaler: object = None) -> object:
    return make_pipeline(make_pipeline(SimpleImputer(), scaler or StandardScaler()), classifier)


def curve_of(case: WhatIfCase, client: int, feature: str, threshold: float) -> Sensitivity:
    low, high = case.range(feature)
    return sensitivity(case.bundle.scorer, case.row(client), feature, low, high, threshold)


@pytest.fixture(scope="module")
def linear_case(tmp_path_factory: pytest.TempPathFactory) -> WhatIfCase:
    path = tmp_path_factory.mktemp("linear") / "ressources"
    return WhatIfCase.of_folder(make_folder(path, scaled(LogisticRegression()), NUMBERS))


@pytest.fixture(scope="module")
def bent_case(tmp_path_factory: pytest.TempPathFactory) -> WhatIfCase:
    """Formulas with bends, and a scaler that clips at the 20 % and 80 % quantiles."""
    path = tmp_path_factory.mktemp("bent") / "ressources"
    pipeline = scaled(LogisticRegression(C=0.1), MinMaxScaler((-1, 1), clip=True))
    return WhatIfCase.of_folder(with_formulas(path, pipeline, LINEAR), LINEAR)


@pytest.fixture(scope="module")
def ratio_case(tmp_path_factory: pytest.TempPathFactory) -> WhatIfCase:
    path = tmp_path_factory.mktemp("ratio") / "ressources"
    return WhatIfCase.of_folder(with_formulas(path, scaled(LogisticRegression()), PROVED), PROVED)


SMOOTH = {
    "components, linear": lambda: make_pipeline(
        make_pipeline(SimpleImputer(), StandardScaler(), PCA(4)), LogisticRegression()
    ),
    "neural net": lambda: scaled(
        MLPClassifier((6,), solver="lbfgs", max_iter=1000, random_state=0)
    ),
    "voting": lambda: scaled(
        VotingClassifier(
            [("linear", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=2))],
            voting="soft",
        )
    ),
}


@pytest.fixture(scope="module", params=SMOOTH)
def smooth_case(request, tmp_path_factory: pytest.TempPathFactory) -> WhatIfCase:
    path = tmp_path_factory.mktemp("smooth") / "ressources"
    return WhatIfCase.of_folder(make_folder(path, SMOOTH[request.param](), NUMBERS))


def on_line(found: Sensitivity, values: np.ndarray) -> np.ndarray:
    """Probabilities of a line between its knots."""
    knots, scores = map(np.array, zip(*found.steps, strict=True))
    return expit(np.interp(values, knots, logit(scores.astype(float))))


def assert_turns(case: WhatIfCase, client: int, feature: str, found: Sensitivity, threshold: float):
    """Around the turning point, the decision is the row's on one side and the other beyond it."""
    own = found.value
    steps = np.arange(-AROUND, AROUND + 1)
    values = at(place(found.flip) + steps * (1 if found.flip > own else -1))
    inside = (values <= max(found.high, own)) & (values >= min(found.low, own))
    decisions = case.scores_alone(client, feature, values[inside]) >= threshold
    before = steps[inside] < 0
    assert (decisions[before] == (found.probability >= threshold)).all()
    assert (decisions[~before] != (found.probability >= threshold)).all()


def test_every_feature_is_a_line_of_two_knots(linear_case: WhatIfCase):
    turned = 0
    for client in range(20):
        for feature in linear_case.bundle.features:
            if np.isnan(linear_case.tables[1][feature][client]):
                continue
            own = curve_of(linear_case, client, feature, THRESHOLD)
            assert (own.shape, own.exact, len(own.steps)) == ("line", True, 2)
            ends = np.array([own.low, own.high])
            assert [value for value, _ in own.steps] == ends.tolist()
            assert [score for _, score in own.steps] == linear_case.scores_alone(
                client, feature, ends
            ).tolist()
            values = np.random.default_rng(client).uniform(*ends, 20)
            np.testing.assert_allclose(
                on_line(own, values), linear_case.scores(client, feature, values), atol=1e-11
            )
            reached = sorted(score for _, score in own.steps)
            for threshold in (THRESHOLD, reached[0] * 0.3 + reached[1] * 0.7):
                found = curve_of(linear_case, client, feature, threshold)
                could_turn = reached[0] < threshold <= reached[1]
                assert (found.flip is not None) == could_turn
                if could_turn:
                    assert_turns(linear_case, client, feature, found, threshold)
                    turned += 1
    assert turned > 100


def test_bends_are_knots(bent_case: WhatIfCase):
    """A scaler's bounds, and the value at which another part is the minimum."""
    knots, turned = 0, 0
    for client in (0, 2, 5, 7, 9):
        for feature in ("AMT_CREDIT", "DAYS_BIRTH", RISK, "OWN_CAR_AGE"):
            found = curve_of(bent_case, client, feature, THRESHOLD)
            assert found.shape == "line"
            values = np.random.default_rng(client).uniform(found.low, found.high, 200)
            np.testing.assert_allclose(
                on_line(found, values), bent_case.scores(client, feature, values), atol=1e-9
            )
            assert all(one < other for (one, _), (other, _) in pairwise(found.steps))
            knots += len(found.steps) - 2
            if found.exact and found.value is not None and found.flip is not None:
                assert_turns(bent_case, client, feature, found, THRESHOLD)
                turned += 1
    assert knots > 4
    assert turned


def test_a_ratio_bends_the_line_which_is_not_exact(ratio_case: WhatIfCase):
    """Each knot's score is the model's, and the line is off by hardly more than its tolerance."""
    for client in (0, 3, 6):
        found = curve_of(ratio_case, client, RISK, THRESHOLD)
        assert (found.shape, found.exact) == ("line", False)
        assert found.recomputed == (POLE, MIDDLE, PRODUCT, LEAST)
        known = [(value, score) for value, score in found.steps if score is not None]
        some = np.array([value for value, _ in known])[::5]
        np.testing.assert_array_equal(
            [score for _, score in known][::5], ratio_case.single_scores(client, RISK, some)
        )
        if found.flip is not None:
            ends = np.array([found.flip, np.nextafter(found.flip, found.value), found.value])
            decisions = ratio_case.single_scores(client, RISK, ends) >= THRESHOLD
            assert decisions.tolist() == [not decisions[2], decisions[2], decisions[2]]
        refused = [value for value, score in found.steps if score is None]
        assert sorted(np.sign(refused)) == [-1, 1]
        values = np.random.default_rng(0).uniform(found.low, found.high, 300)
        values = values[np.abs(values) > 1e-3 * (found.high - found.low)]  # beside the pole
        parts = Sensitivity(**{**vars(found), "steps": tuple(known)})
        off = np.abs(on_line(parts, values) - ratio_case.scores(client, RISK, values))
        assert np.quantile(off, 0.95) < 0.002


def test_a_smooth_model_has_knots_and_its_decision_turns_at_a_double(smooth_case: WhatIfCase):
    turned = 0
    for client in range(8):
        for feature in ("AMT_CREDIT", "DAYS_BIRTH", RISK):
            found = curve_of(smooth_case, client, feature, THRESHOLD)
            assert (found.shape, found.exact) == ("line", False)
            assert 2 <= len(found.steps) <= 300
            some = np.array([value for value, _ in found.steps])[::9]
            np.testing.assert_array_equal(
                [score for _, score in found.steps][::9],
                smooth_case.single_scores(client, feature, some),
            )
            if found.flip is not None:
                turned += 1
                ends = np.array([found.flip, np.nextafter(found.flip, found.value), found.value])
                decisions = smooth_case.single_scores(client, feature, ends) >= THRESHOLD
                assert decisions.tolist() == [not decisions[2], decisions[2], decisions[2]]
    assert turned > 2


def test_a_score_near_one_keeps_its_line(tmp_path: Path):
    """Log-odds of a score near 1 are lost in its last bits: a knot lies before that."""
    columns = ColumnTransformer([("credit", SimpleImputer(), ["AMT_CREDIT"])], remainder="drop")
    pipeline = make_pipeline(columns, LogisticRegression())
    case = WhatIfCase.of_folder(make_folder(tmp_path / "ressources", pipeline, NUMBERS))
    slope = case.pipeline[-1].coef_[0, 0]
    low = case.range("AMT_CREDIT")[0]
    high = low + 400 / abs(slope)
    found = sensitivity(case.bundle.scorer, case.row(0), "AMT_CREDIT", low, high, THRESHOLD)
    assert found.exact
    assert min(abs(found.steps[-1][1] - end) for end in (0, 1)) < 1e-100
    values = np.random.default_rng(0).uniform(low, low + 60 / abs(slope), 100)
    knots, scores = map(np.array, zip(*found.steps, strict=True))
    inside = (scores > 0) & (scores < 1)
    parts = Sensitivity(
        **{**vars(found), "steps": tuple(zip(knots[inside], scores[inside], strict=True))}
    )
    np.testing.assert_allclose(
        on_line(parts, values), case.scores(0, "AMT_CREDIT", values), atol=1e-8
    )
