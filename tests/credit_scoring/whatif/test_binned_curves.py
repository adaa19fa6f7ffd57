"""ICE curves of bins: the score changes at their jumps only, to the double."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, StandardScaler

from credit_scoring.data.artifacts import NEW_FILE, REFERENCE_FILE
from credit_scoring.float_search import above, at, below, place
from credit_scoring.model.containers.binned_variable import jumps_of
from credit_scoring.whatif.counterfactuals import counterfactuals, extent
from credit_scoring.whatif.sensitivity import Sensitivity, sensitivity
from tests.credit_scoring.whatif.what_if_case import (
    LEAST,
    MIDDLE,
    POLE,
    PRODUCT,
    PROVED,
    RISK,
    UNPROVED,
    NumpyFormula,
    WhatIfCase,
    with_formulas,
)
from tests.support.bundles.artefacts import NUMBERS, lightgbm

THRESHOLD = 0.5
CLIENTS = (0, 6)
CODES, OLDEST, AMOUNT, SPLITS = [0, 1], 39, 500_000.5, [4.0, 12.5, 25.0]
BOUNDS = {"OWN_CAR_AGE": [*CODES, OLDEST, *SPLITS], "AMT_CREDIT": [AMOUNT]}
VARIED = [RISK, "AMT_CREDIT", "OWN_CAR_AGE", "DAYS_BIRTH", PRODUCT, LEAST]
CHANGES = {name: {"change": "any"} for name in VARIED}


def binning(**parameters: Any) -> Any:
    """A binning with special codes, which have weights of their own as missing values have."""
    process = pytest.importorskip("optbinning").BinningProcess
    empirical = {"metric_special": "empirical", "metric_missing": "empirical"}
    given = {
        "binning_fit_params": {
            "OWN_CAR_AGE": {
                "special_codes": {"new": CODES, "old": OLDEST},
                "user_splits": SPLITS,
                "user_splits_fixed": [True] * 3,
            },
            "AMT_CREDIT": {"special_codes": [AMOUNT]},
        },
        "binning_transform_params": dict.fromkeys(NUMBERS, empirical),
    }
    return process(NUMBERS, **given | parameters)


def scorecard(**parameters: Any) -> Any:
    process = binning(**parameters)
    return pytest.importorskip("optbinning").Scorecard(process, LogisticRegression())


def network() -> MLPClassifier:
    return MLPClassifier((4,), max_iter=60, random_state=0, tol=1.0)


def discretized(**parameters: Any) -> KBinsDiscretizer:
    return KBinsDiscretizer(
        5, strategy="quantile", quantile_method="averaged_inverted_cdf", **parameters
    )


OWN_CATEGORIES = {"categorical_variables": ["OWN_CAR_AGE"], "binning_fit_params": None}
BINNED: dict[str, Callable[[], Any]] = {
    "scorecard": scorecard,
    "scorecard with numbers as categories": lambda: scorecard(**OWN_CATEGORIES),
    "network": lambda: make_pipeline(binning(), network()),
    "trees": lambda: make_pipeline(binning(), StandardScaler(), lightgbm()),
    "weights as categories": lambda: make_pipeline(
        binning(), OneHotEncoder(sparse_output=False), LogisticRegression()
    ),
    "discretizer": lambda: make_pipeline(
        SimpleImputer(), StandardScaler(), discretized(encode="ordinal"), network()
    ),
    "discretizer with flags": lambda: make_pipeline(
        SimpleImputer(), discretized(encode="onehot-dense"), LogisticRegression()
    ),
}


def case_of(path: Path, model: Any, computed: dict[str, NumpyFormula]) -> WhatIfCase:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # optbinning's fit, under pandas 3
        folder = with_formulas(path / "ressources", model, computed, CHANGES)
    fitted = folder.pipeline()
    if not hasattr(fitted, "feature_names_in_"):
        (fitted[0] if hasattr(fitted, "steps") else fitted).feature_names_in_ = NUMBERS
    tables = folder.read(REFERENCE_FILE), folder.read(NEW_FILE)
    return WhatIfCase(folder, folder.load(), fitted, computed, tables)


@pytest.fixture(scope="module", params=BINNED)
def binned_case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> WhatIfCase:
    return case_of(tmp_path_factory.mktemp("binned"), BINNED[request.param](), PROVED)


def curve_of(case: WhatIfCase, client: int, feature: str) -> Sensitivity:
    row = case.row(client)
    return sensitivity(case.bundle.scorer, row, feature, *case.range(feature), THRESHOLD)


def by_steps(found: Sensitivity, values: np.ndarray) -> np.ndarray:
    """The scores of some values by the steps; NaN for values that the model refuses."""
    starts, scores = map(np.array, zip(*found.steps, strict=True))
    return scores.astype(float)[np.searchsorted(starts, values, "right") - 1]


def probed_values(case: WhatIfCase, found: Sensitivity, feature: str) -> np.ndarray:
    """Values of the range: around each step and each bound of a bin, between, and some others."""
    starts = np.array([start for start, _ in found.steps])
    bounds = np.array([*starts, *BOUNDS.get(feature, ())])
    around = at((place(bounds)[:, None] + np.arange(-1, 2)).ravel())
    ends = np.append(starts, found.high)
    low, high = case.range(feature)
    others = np.random.default_rng(0).uniform(low, high, 4)
    values = np.concatenate([around, (ends[1:] + ends[:-1]) / 2, others])
    return np.unique(values[(low <= values) & (values <= high)])


def test_the_score_changes_at_the_steps_only(binned_case: WhatIfCase):
    steps = 0
    for feature in VARIED:
        for client in CLIENTS:
            found = curve_of(binned_case, client, feature)
            assert (found.exact, found.shape) == (True, "steps")
            scores = [score for _, score in found.steps]
            assert all(one != other for one, other in pairwise(scores))
            values = probed_values(binned_case, found, feature)
            expected = by_steps(found, values)
            known = ~np.isnan(expected)
            np.testing.assert_array_equal(
                expected[known], binned_case.single_scores(client, feature, values[known])
            )
            steps += len(scores) - 1
    assert steps > 20


def test_the_nearest_value_with_the_other_decision(binned_case: WhatIfCase):
    """The first or last double of the nearest step that turns the decision."""
    bundle, turned = binned_case.bundle, 0
    extents = {
        name: replace(
            extent(bundle.reference, bundle.raw, bundle.scorer.column_of(name)), is_whole=False
        )
        for name in VARIED
    }
    for client in CLIENTS:
        row = binned_case.row(client)
        probability = float(bundle.scorer.probabilities(row)[0])
        threshold = probability + (1 - probability) / 20  # above it: the client is accepted
        found = counterfactuals(bundle.scorer, row, threshold, bundle.reference, extents)
        assert found.is_exact
        given = {(one.feature, one.direction): one for one in found.alternatives}
        for feature in VARIED:
            own = binned_case.tables[1][feature][client]
            if np.isnan(own):
                continue
            starts, scores = map(
                np.array, zip(*curve_of(binned_case, client, feature).steps, strict=True)
            )
            beyond = scores.astype(float) >= threshold
            up, down = (
                starts[beyond & (starts > own)],
                starts[1:][beyond[:-1] & (starts[1:] <= own)],
            )
            expected = {"up": up[:1].tolist(), "down": below(down[-1:]).tolist()}
            for direction, value in expected.items():
                one = given.get((feature, direction))
                assert ([] if one is None else [one.value]) == value
                turned += one is not None
    assert turned > 4


def test_a_binned_feature_beside_a_scaled_one_bends_and_jumps(tmp_path: Path):
    """RISK is binned, POLE with it, what is computed from them is scaled: a line with jumps."""
    process = pytest.importorskip("optbinning").BinningProcess
    scaled = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer(
        [
            ("binned", process([RISK, POLE]), [RISK, POLE]),
            ("scaled", scaled, [MIDDLE, "AMT_CREDIT", "DAYS_BIRTH"]),
        ]
    )
    model = make_pipeline(columns, LogisticRegression())
    case = case_of(tmp_path, model, PROVED)
    found = curve_of(case, 1, RISK)
    assert (found.exact, found.shape) == (True, "line")
    values, scores = (np.array(each, float) for each in zip(*found.steps, strict=True))
    known = ~np.isnan(scores)  # not beside the pole
    expected = case.single_scores(1, RISK, values[known])
    np.testing.assert_allclose(expected, scores[known], rtol=0, atol=1e-12)
    wide = above(values[:-1]) < values[1:]
    assert (~wide).sum() > 1  # jumps
    wide &= known[:-1] & known[1:]
    inner = np.linspace(values[:-1], values[1:], 5)[1:-1, wide]
    low, high = values[:-1][wide], values[1:][wide]
    line = np.log(scores / (1 - scores))
    expected = expit(line[:-1][wide] + (inner - low) / (high - low) * np.diff(line)[wide])
    found = case.scores(1, RISK, inner.ravel()).reshape(inner.shape)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_bins_of_a_feature_that_is_not_monotone_are_searched(tmp_path: Path):
    case = case_of(tmp_path, scorecard(), UNPROVED)
    found = curve_of(case, 3, RISK)
    assert (found.exact, found.shape) == (False, "steps")
    starts, scores = map(np.array, zip(*found.steps, strict=True))
    np.testing.assert_array_equal(case.single_scores(3, RISK, starts), scores)
    np.testing.assert_array_equal(case.single_scores(3, RISK, below(starts[1:])), scores[:-1])
    assert curve_of(case, 3, "DAYS_BIRTH").exact


def test_bins_with_an_unknown_jump_are_not_exact(tmp_path: Path):
    """The last value of a step shows it; the jump is found by bisection."""
    case = case_of(tmp_path, scorecard(), PROVED)
    exact = curve_of(case, 0, "AMT_CREDIT")
    transformer = case.bundle.scorer.transformer
    traced = transformer.traced_outputs
    assert traced is not None
    vars(transformer)["traced_outputs"] = tuple(
        replace(output, jumps=output.jumps[1:]) for output in traced if output.jumps is not None
    )
    found = curve_of(case, 0, "AMT_CREDIT")
    assert not found.exact
    assert found.steps == exact.steps


@pytest.mark.parametrize(
    ("parameters", "jumps"),
    [
        ({"user_splits": [8.0, 3.0]}, [3.0, 8.0]),
        ({"special_codes": [5, np.nan, np.inf]}, [5.0, above(5.0)]),
        (
            {"special_codes": {"both": [2, 7], "one": 4}},
            [2, above(2.0), 4, above(4.0), 7, above(7.0)],
        ),
        ({"dtype": "categorical"}, [x for n in range(10) for x in (float(n), above(float(n)))]),
        ({"special_codes": {"text": "none"}}, None),
    ],
)
def test_the_jumps_of_a_variable(parameters: dict[str, Any], jumps: list[float] | None):
    optbinning = pytest.importorskip("optbinning")
    values = np.repeat(np.arange(10), 40)
    classes = (np.random.default_rng(0).normal(size=400) * 3 + values > 5).astype(int)
    variable = optbinning.OptimalBinning(**{"cat_cutoff": None} | parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        variable.fit(values, classes)
    found = jumps_of(variable)
    if jumps is None:
        assert found is None
        return
    assert found is not None
    splits = variable.splits if parameters.get("dtype") != "categorical" else []
    assert found.tolist() == sorted({*jumps, *splits})
    ends = np.sort(np.concatenate([found, below(found[1:]), [-50, 50, below(found[0])]]))
    weights = variable.transform(ends, metric="woe", metric_special=9.0)
    bins = np.searchsorted(found, ends, "right")
    assert all(len(set(weights[bins == one])) == 1 for one in bins)


def test_piecewise_binning_has_no_jumps():
    optbinning = pytest.importorskip("optbinning")
    assert jumps_of(optbinning.OptimalPWBinning()) is None
