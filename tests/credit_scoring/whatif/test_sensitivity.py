"""ICE curves: each score is, to the last bit, that of the pipeline for the changed row."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler
from sklearn.tree import DecisionTreeClassifier

from credit_scoring.errors import InvalidApplication, UnknownFeature
from credit_scoring.float_search import at, place
from credit_scoring.whatif.sensitivity import Sensitivity, sensitivity
from tests.credit_scoring.whatif.what_if_case import (
    LEAST,
    MIDDLE,
    POLE,
    PRODUCT,
    PROVED,
    RISK,
    UNPROVED,
    WhatIfCase,
    with_formulas,
)
from tests.support.bundles.artefacts import (
    EDUCATION,
    FLAGS,
    NUMBERS,
    OCCUPATION,
    PLAIN,
    TEXTS,
    lightgbm,
    make_folder,
)
from tests.support.bundles.recipes import RECIPES, Recipe, forest

THRESHOLD = 0.5
PROVED_RECIPES = [
    "lightgbm", "lightgbm text sparse", "no imputation, forest", "more by indicators",
    "nested prefixes",
]  # fmt: skip


def few_components() -> Recipe:
    recipe = RECIPES["components"]()
    recipe.pipeline[-1].set_params(n_estimators=2)
    return recipe


def voting_trees() -> Recipe:
    trees = [("forest", forest()), ("tree", DecisionTreeClassifier(max_depth=4, random_state=0))]
    return Recipe(make_pipeline(SimpleImputer(), VotingClassifier(trees, voting="soft")))


# Models of few trees, because each step is checked by single rows.
SEARCHED = {"components": few_components, "voting": voting_trees}


def scaled_and_passed() -> ColumnTransformer:
    return ColumnTransformer(
        [
            (
                "min_max",
                make_pipeline(SimpleImputer(), MinMaxScaler((-1, 2), clip=True)),
                [RISK, POLE],
            ),
            ("robust", RobustScaler(), [PLAIN[0], MIDDLE]),
            ("largest", MaxAbsScaler(), [4]),
        ],
        remainder="passthrough",
    )


@pytest.fixture(scope="module", params=PROVED_RECIPES)
def proved_case(request, case_named) -> WhatIfCase:
    return WhatIfCase.of_case(case_named(request.param))


@pytest.fixture(scope="module", params=SEARCHED)
def searched_case(request, tmp_path_factory) -> WhatIfCase:
    path = tmp_path_factory.mktemp("unproved") / "ressources"
    return WhatIfCase.of_folder(make_folder(path, *SEARCHED[request.param]()))


@pytest.fixture(scope="module")
def formula_case(tmp_path_factory) -> WhatIfCase:
    path = tmp_path_factory.mktemp("formulas") / "ressources"
    pipeline = make_pipeline(scaled_and_passed(), lightgbm())
    return WhatIfCase.of_folder(with_formulas(path, pipeline, PROVED), PROVED)


def curve_of(
    case: WhatIfCase, client: int, feature: str, threshold: float = THRESHOLD
) -> Sensitivity:
    low, high = case.range(feature)
    return sensitivity(case.bundle.scorer, case.row(client), feature, low, high, threshold)


def by_steps(found: Sensitivity, values: np.ndarray) -> np.ndarray:
    """The scores of some values by the steps; NaN for values that the model refuses."""
    starts, scores = map(np.array, zip(*found.steps, strict=True))
    return scores.astype(float)[np.searchsorted(starts, values, "right") - 1]


def probed_values(case: WhatIfCase, found: Sensitivity, feature: str) -> np.ndarray:
    """Values of the range: many, and those around each step and each split point."""
    low, high = case.range(feature)
    starts = np.array([start for start, _ in found.steps])
    shares = np.random.default_rng(0).random(200)
    values = [
        low + (high - low) * shares,
        around(starts, 2),
        around(thresholds(case, feature), 6),
    ]
    return np.unique(np.clip(np.concatenate(values), low, high))


def around(values: np.ndarray, number: int) -> np.ndarray:
    return at((place(values)[:, None] + np.arange(-number, number + 1)).ravel())


def thresholds(case: WhatIfCase, feature: str) -> np.ndarray:
    """The values at which a linear output passes a split point, to some doubles."""
    ends = case.tables[1].iloc[[0, 0]].reset_index(drop=True)
    ends[feature] = case.range(feature)
    outputs = case.pipeline[0].transform(ends[list(case.pipeline.feature_names_in_)])
    outputs = np.asarray(outputs.toarray() if hasattr(outputs, "toarray") else outputs, float)
    found = []
    for output, limits in enumerate(case.bundle.classifier.split_points or ()):
        one, other = outputs[:, output]
        if abs(one - other) > 0 and len(limits):  # neither is missing
            low, high = case.range(feature)
            found.append(low + (limits - one) / (other - one) * (high - low))
    found = np.concatenate([[], *found])
    return found[np.isfinite(found)]


def test_every_step_is_found_to_the_double(proved_case: WhatIfCase):
    steps = 0
    for feature in [name for name in proved_case.bundle.features if name not in (*TEXTS, *FLAGS)]:
        found = curve_of(proved_case, 7, feature)
        assert (found.exact, found.shape) == (True, "steps")
        assert (found.low, found.high) == proved_case.range(feature)
        assert found.steps[0][0] == found.low
        values = probed_values(proved_case, found, feature)
        np.testing.assert_array_equal(
            by_steps(found, values), proved_case.scores(7, feature, values)
        )
        scores = [score for _, score in found.steps]
        assert all(one != other for one, other in pairwise(scores))
        steps += len(scores) - 1
    assert steps > 5


def test_every_step_of_computed_features_is_found(formula_case: WhatIfCase):
    for feature, recomputed in {
        RISK: [POLE, MIDDLE, PRODUCT, LEAST], "AMT_CREDIT": [POLE], PRODUCT: [LEAST],
        "OWN_CAR_AGE": [MIDDLE, PRODUCT, LEAST], "DAYS_BIRTH": [LEAST], POLE: [],
    }.items():  # fmt: skip
        for client in (0, 11):
            found = curve_of(formula_case, client, feature)
            assert found.exact
            assert sorted(found.recomputed) == sorted(recomputed)
            values = probed_values(formula_case, found, feature)
            expected = by_steps(found, values)
            accepted = ~np.isnan(expected)
            np.testing.assert_array_equal(
                expected[accepted], formula_case.scores(client, feature, values[accepted])
            )


def test_the_flip_is_the_nearest_double_that_turns_the_decision(formula_case: WhatIfCase):
    """The double before it, towards the client's own value, has the client's decision."""
    flips = 0
    for client in (0, 3, 6, 9):
        for feature in (RISK, "AMT_CREDIT", LEAST):
            own = formula_case.tables[1][feature][client]
            if np.isnan(own):
                continue
            found = curve_of(formula_case, client, feature)
            values = probed_values(formula_case, found, feature)
            values = values[~np.isnan(by_steps(found, values))]
            scores = formula_case.scores(client, feature, np.append(values, own))
            turned = values[(scores[:-1] >= THRESHOLD) != (scores[-1] >= THRESHOLD)]
            if found.flip is None:
                assert not len(turned)
                continue
            flips += 1
            assert isinstance(found.flip, float)
            assert abs(turned - own).min() >= abs(found.flip - own)
            ends = np.array([found.flip, np.nextafter(found.flip, own), own])
            if np.isnan(by_steps(found, ends[1:2])[0]):  # beside a pole
                ends[1] = own
            decisions = formula_case.scores(client, feature, ends) >= THRESHOLD
            assert decisions.tolist() == [not decisions[2], decisions[2], decisions[2]]
    assert flips > 3


@pytest.mark.parametrize("feature", [RISK, "OWN_CAR_AGE"])
def test_a_curve_that_is_not_proved_is_not_exact(feature: str, tmp_path: Path):
    """The variance and a parabola are not monotone, but each step of the curve is a step."""
    pipeline = make_pipeline(SimpleImputer(), lightgbm())
    case = WhatIfCase.of_folder(
        with_formulas(tmp_path / "ressources", pipeline, UNPROVED), UNPROVED
    )
    found = curve_of(case, 3, feature)
    assert not found.exact
    assert_steps(case, 3, feature, found)
    low, high = case.range(feature)
    values = low + (high - low) * np.random.default_rng(0).random(300)
    np.testing.assert_array_equal(by_steps(found, values), case.scores(3, feature, values))
    assert curve_of(case, 3, "DAYS_BIRTH").exact


def assert_steps(case: WhatIfCase, client: int, feature: str, found: Sensitivity) -> None:
    """The start of a step is the first double with its score; check some, evenly spread."""
    starts, scores = map(np.array, zip(*found.steps, strict=True))
    assert len(starts) > 2
    assert all(one != other for one, other in pairwise(scores))
    some = np.linspace(1, len(starts) - 1, 8, dtype=int)
    np.testing.assert_array_equal(case.single_scores(client, feature, starts[some]), scores[some])
    before = case.single_scores(client, feature, np.nextafter(starts[some], -np.inf))
    np.testing.assert_array_equal(before, scores[some - 1])


def test_steps_are_searched_without_split_points_or_with_an_unknown_transformer(
    searched_case: WhatIfCase,
):
    found = curve_of(searched_case, 2, "AMT_CREDIT")
    assert (found.shape, found.exact) == ("steps", False)
    assert_steps(searched_case, 2, "AMT_CREDIT", found)


@pytest.fixture(scope="module")
def text_case(case_named) -> WhatIfCase:
    return WhatIfCase.of_case(case_named("lightgbm text dense"))


@pytest.mark.parametrize(("feature", "known"), [
    (TEXTS[0], sorted(EDUCATION)), (TEXTS[1], sorted(OCCUPATION)),
    (FLAGS[0], [0, 1]), (FLAGS[1], [0, 1]),
])  # fmt: skip
def test_a_text_has_a_step_for_each_category(text_case: WhatIfCase, feature: str, known: list):
    values = np.array([bool(one) if feature in FLAGS else one for one in known], object)
    turned = 0
    for client in range(6):
        scores = text_case.scores(client, feature, values).tolist()
        found = sensitivity(
            text_case.bundle.scorer, text_case.row(client), feature, np.nan, np.nan, 0.4
        )
        assert (found.exact, found.shape) == (True, "steps")
        assert (found.low, found.high) == (None, None)
        assert found.steps == tuple(zip(known, scores, strict=True))
        others = {
            abs(score - found.probability): one
            for one, score in found.steps
            if (score >= 0.4) != (found.probability >= 0.4)
        }
        assert found.flip == (others[min(others)] if others else None)
        turned += found.flip is not None
    assert feature != TEXTS[0] or turned


def test_a_missing_value_has_steps_and_the_lowest_turn(formula_case: WhatIfCase):
    (client, *_) = np.flatnonzero(formula_case.tables[1]["OWN_CAR_AGE"].isna())
    probability = curve_of(formula_case, client, "OWN_CAR_AGE").probability
    scores = [score for _, score in curve_of(formula_case, client, "OWN_CAR_AGE").steps]
    for threshold in (min(scores), max(scores)):
        found = curve_of(formula_case, client, "OWN_CAR_AGE", threshold)
        assert found.value is None
        turned = [
            start
            for start, score in found.steps
            if (score >= threshold) != (probability >= threshold)
        ]
        assert found.flip == (turned[0] if turned else None)


def test_a_value_outside_the_range_is_reached_by_the_flip(formula_case: WhatIfCase):
    low, high = formula_case.range(RISK)
    row = formula_case.row(0)
    for own, bounds in ((2 * low, (low, high)), (high, (low, low / 2)), (low, (high / 2, high))):
        row.replace(formula_case.bundle.scorer.column_of(RISK), [own])
        found = sensitivity(formula_case.bundle.scorer, row, RISK, *bounds, THRESHOLD)
        assert found.value == own
        assert found.steps[0][0] == bounds[0]
        assert found.steps[-1][0] <= bounds[1]
        if found.flip is not None:
            ends = np.array([found.flip, np.nextafter(found.flip, own), own])
            decisions = formula_case.scores(0, RISK, ends) >= THRESHOLD
            assert decisions.tolist() == [not decisions[2], decisions[2], decisions[2]]


def test_a_feature_that_is_never_known_has_no_step(case_named):
    case = WhatIfCase.of_case(case_named("a feature never known"))
    found = curve_of(case, 0, "OWN_CAR_AGE")
    assert (found.value, found.steps, found.exact, found.flip) == (None, (), True, None)
    assert (found.low, found.high) == (None, None)
    assert found.probability == case.scores(0, "OWN_CAR_AGE", np.array([np.nan]))[0]


def test_values_that_the_model_refuses_have_no_score(formula_case: WhatIfCase):
    """AMT_CREDIT / RISK is infinite next to zero, and missing at zero."""
    found = curve_of(formula_case, 0, RISK)
    refused = [position for position, (_, score) in enumerate(found.steps) if score is None]
    assert len(refused) == 2
    for position in refused:
        (start, _), (end, _) = found.steps[position : position + 2]
        for edge in (start, np.nextafter(end, -1)):
            with pytest.raises(InvalidApplication, match="out of range"):
                changed_score(formula_case, edge)
        for edge in (np.nextafter(start, -1), end):
            assert (
                changed_score(formula_case, edge)
                == formula_case.scores(0, RISK, np.array([edge]))[0]
            )


def test_an_infinite_computed_feature_is_refused_though_the_model_does_not_take_it(tmp_path: Path):
    others = [name for name in NUMBERS if name != POLE]
    pipeline = make_pipeline(ColumnTransformer([("some", SimpleImputer(), others)]), lightgbm())
    case = WhatIfCase.of_folder(with_formulas(tmp_path / "ressources", pipeline, PROVED), PROVED)
    found = curve_of(case, 0, RISK)
    assert found.exact
    around = dict(found.steps)
    credit = case.tables[1]["AMT_CREDIT"][0]
    refused = [start for start, score in found.steps if score is None]
    assert len(refused) == 2
    with np.errstate(all="ignore"):
        assert np.isinf(credit / np.array(refused)).all()
        assert np.isfinite(credit / np.nextafter(refused[0], -1))
    assert around[0.0] == case.scores(0, RISK, np.array([0.0]))[0]


def changed_score(case: WhatIfCase, risk: float) -> float:
    """The first client's score with another risk, by the product."""
    scorer, row = case.bundle.scorer, case.row(0)
    row.replace(scorer.column_of(RISK), [risk])
    scorer.follow(row, {RISK})
    return scorer.probabilities(row)[0]


def test_an_unknown_feature_is_named(formula_case: WhatIfCase):
    with pytest.raises(UnknownFeature, match="unknown feature AMT"):
        sensitivity(formula_case.bundle.scorer, formula_case.row(0), "AMT", 0, 1, THRESHOLD)


def test_a_row_that_the_model_refuses_has_no_curve(formula_case: WhatIfCase):
    scorer, row = formula_case.bundle.scorer, formula_case.row(0)
    row.replace(scorer.column_of(RISK), [np.inf])
    with pytest.raises(InvalidApplication):
        sensitivity(scorer, row, "AMT_CREDIT", 0, 1, THRESHOLD)
