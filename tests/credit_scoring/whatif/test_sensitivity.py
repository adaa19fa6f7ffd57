"""The score along a feature is, to the last bit, what the pipeline gives for the changed row."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler

from credit_scoring.errors import InvalidApplication, UnknownFeature
from credit_scoring.float_search import at, place
from credit_scoring.whatif.sensitivity import Sensitivity, sensitivity
from tests.support.artefacts import (
    EDUCATION,
    FLAGS,
    NUMBERS,
    OCCUPATION,
    PLAIN,
    TEXTS,
    lightgbm,
    make_folder,
)
from tests.support.curves import (
    LEAST,
    MIDDLE,
    POLE,
    PRODUCT,
    PROVED,
    RISK,
    UNPROVED,
    Bank,
    bank_of,
    bank_of_case,
    with_formulas,
)
from tests.support.recipes import RECIPES

THRESHOLD = 0.5
PROVED_RECIPES = [
    "lightgbm", "lightgbm text sparse", "no imputation, forest", "more by indicators",
    "nested prefixes",
]  # fmt: skip
FEW_TREES = {"histogram boosting text": {"max_iter": 10}, "components": {"n_estimators": 2}}


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
def proved(request, case_named) -> Bank:
    return bank_of_case(case_named(request.param))


@pytest.fixture(scope="module", params=FEW_TREES)
def unproved(request, tmp_path_factory) -> Bank:
    """Of few trees: each change that is found is asked for by single rows."""
    path = tmp_path_factory.mktemp("unproved") / "ressources"
    recipe = RECIPES[request.param]()
    recipe.pipeline[-1].set_params(**FEW_TREES[request.param])
    return bank_of(make_folder(path, *recipe))


@pytest.fixture(scope="module")
def formulas(tmp_path_factory) -> Bank:
    path = tmp_path_factory.mktemp("formulas") / "ressources"
    pipeline = make_pipeline(scaled_and_passed(), lightgbm())
    return bank_of(with_formulas(path, pipeline, PROVED), PROVED)


def asked(bank: Bank, client: int, feature: str, threshold: float = THRESHOLD) -> Sensitivity:
    low, high = bank.range(feature)
    return sensitivity(bank.bundle.scorer, bank.row(client), feature, low, high, threshold)


def by_steps(found: Sensitivity, values: np.ndarray) -> np.ndarray:
    """What the steps say of some values; NaN where the model refuses them."""
    starts, scores = map(np.array, zip(*found.steps, strict=True))
    return scores.astype(float)[np.searchsorted(starts, values, "right") - 1]


def looked_at(bank: Bank, found: Sensitivity, feature: str) -> np.ndarray:
    """Values in the range: many, those around each step, and around the model's thresholds."""
    low, high = bank.range(feature)
    starts = np.array([start for start, _ in found.steps])
    shares = np.random.default_rng(0).random(200)
    values = [
        low + (high - low) * shares,
        _around(starts, 2),
        _around(thresholds(bank, feature), 6),
    ]
    return np.unique(np.clip(np.concatenate(values), low, high))


def _around(values: np.ndarray, number: int) -> np.ndarray:
    return at((place(values)[:, None] + np.arange(-number, number + 1)).ravel())


def thresholds(bank: Bank, feature: str) -> np.ndarray:
    """The values at which one output passes a threshold, to some doubles, where it is linear."""
    ends = bank.tables[1].iloc[[0, 0]].reset_index(drop=True)
    ends[feature] = bank.range(feature)
    outputs = bank.pipeline[0].transform(ends[list(bank.pipeline.feature_names_in_)])
    outputs = np.asarray(outputs.toarray() if hasattr(outputs, "toarray") else outputs, float)
    found = []
    for output, limits in enumerate(bank.bundle.classifier.thresholds or ()):
        one, other = outputs[:, output]
        if abs(one - other) > 0 and len(limits):  # neither is missing
            low, high = bank.range(feature)
            found.append(low + (limits - one) / (other - one) * (high - low))
    found = np.concatenate([[], *found])
    return found[np.isfinite(found)]


def test_every_step_is_found_to_the_double(proved: Bank):
    steps = 0
    for feature in [name for name in proved.bundle.features if name not in (*TEXTS, *FLAGS)]:
        found = asked(proved, 7, feature)
        assert found.exact
        assert found.steps[0][0] == proved.range(feature)[0]
        values = looked_at(proved, found, feature)
        np.testing.assert_array_equal(by_steps(found, values), proved.scores(7, feature, values))
        scores = [score for _, score in found.steps]
        assert all(one != other for one, other in pairwise(scores))
        steps += len(scores) - 1
    assert steps > 5


def test_every_step_of_what_follows_is_found(formulas: Bank):
    for feature, recomputed in {
        RISK: [POLE, MIDDLE, PRODUCT, LEAST], "AMT_CREDIT": [POLE], PRODUCT: [LEAST],
        "OWN_CAR_AGE": [MIDDLE, PRODUCT, LEAST], "DAYS_BIRTH": [LEAST], POLE: [],
    }.items():  # fmt: skip
        for client in (0, 11):
            found = asked(formulas, client, feature)
            assert found.exact
            assert sorted(found.recomputed) == sorted(recomputed)
            values = looked_at(formulas, found, feature)
            expected = by_steps(found, values)
            accepted = ~np.isnan(expected)
            np.testing.assert_array_equal(
                expected[accepted], formulas.scores(client, feature, values[accepted])
            )


def test_the_flip_is_the_nearest_double_that_turns_the_decision(formulas: Bank):
    """The double before it, towards the client's own, decides as the client does."""
    flips = 0
    for client in (0, 3, 6, 9):
        for feature in (RISK, "AMT_CREDIT", LEAST):
            own = formulas.tables[1][feature][client]
            if np.isnan(own):
                continue
            found = asked(formulas, client, feature)
            values = looked_at(formulas, found, feature)
            values = values[~np.isnan(by_steps(found, values))]
            scores = formulas.scores(client, feature, np.append(values, own))
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
            decisions = formulas.scores(client, feature, ends) >= THRESHOLD
            assert decisions.tolist() == [not decisions[2], decisions[2], decisions[2]]
    assert flips > 3


@pytest.mark.parametrize("feature", [RISK, "OWN_CAR_AGE"])
def test_what_is_not_proved_is_said(feature: str, tmp_path: Path):
    """The variance and a parabola are not monotone; each step that is found is one."""
    pipeline = make_pipeline(SimpleImputer(), lightgbm())
    bank = bank_of(with_formulas(tmp_path / "ressources", pipeline, UNPROVED), UNPROVED)
    found = asked(bank, 3, feature)
    assert not found.exact
    assert_steps(bank, 3, feature, found)
    low, high = bank.range(feature)
    values = low + (high - low) * np.random.default_rng(0).random(300)
    np.testing.assert_array_equal(by_steps(found, values), bank.scores(3, feature, values))
    assert asked(bank, 3, "DAYS_BIRTH").exact


def assert_steps(bank: Bank, client: int, feature: str, found: Sensitivity) -> None:
    """The start of a step is the first double with its score: some of them, evenly spread."""
    starts, scores = map(np.array, zip(*found.steps, strict=True))
    assert len(starts) > 2
    assert all(one != other for one, other in pairwise(scores))
    some = np.linspace(1, len(starts) - 1, 8, dtype=int)
    np.testing.assert_array_equal(alone(bank, client, feature, starts[some]), scores[some])
    before = alone(bank, client, feature, np.nextafter(starts[some], -np.inf))
    np.testing.assert_array_equal(before, scores[some - 1])


def alone(bank: Bank, client: int, feature: str, values: np.ndarray) -> np.ndarray:
    return np.concatenate([bank.scores(client, feature, values[[at]]) for at in range(len(values))])


def test_without_thresholds_or_with_another_transformer_steps_are_searched(unproved: Bank):
    found = asked(unproved, 2, "AMT_CREDIT")
    assert not found.exact
    assert_steps(unproved, 2, "AMT_CREDIT", found)


@pytest.fixture(scope="module")
def mixed(case_named) -> Bank:
    return bank_of_case(case_named("lightgbm text dense"))


@pytest.mark.parametrize(("feature", "known"), [
    (TEXTS[0], sorted(EDUCATION)), (TEXTS[1], sorted(OCCUPATION)),
    (FLAGS[0], [0, 1]), (FLAGS[1], [0, 1]),
])  # fmt: skip
def test_a_text_has_a_step_for_each_category(mixed: Bank, feature: str, known: list):
    values = np.array([bool(one) if feature in FLAGS else one for one in known], object)
    turned = 0
    for client in range(6):
        scores = mixed.scores(client, feature, values).tolist()
        found = sensitivity(mixed.bundle.scorer, mixed.row(client), feature, np.nan, np.nan, 0.4)
        assert found.exact
        assert found.steps == tuple(zip(known, scores, strict=True))
        others = {
            abs(score - found.probability): one
            for one, score in found.steps
            if (score >= 0.4) != (found.probability >= 0.4)
        }
        assert found.flip == (others[min(others)] if others else None)
        turned += found.flip is not None
    assert feature != TEXTS[0] or turned


def test_a_missing_value_has_steps_and_the_lowest_turn(formulas: Bank):
    (client, *_) = np.flatnonzero(formulas.tables[1]["OWN_CAR_AGE"].isna())
    probability = asked(formulas, client, "OWN_CAR_AGE").probability
    scores = [score for _, score in asked(formulas, client, "OWN_CAR_AGE").steps]
    for threshold in (min(scores), max(scores)):
        found = asked(formulas, client, "OWN_CAR_AGE", threshold)
        assert found.value is None
        turned = [
            start
            for start, score in found.steps
            if (score >= threshold) != (probability >= threshold)
        ]
        assert found.flip == (turned[0] if turned else None)


def test_a_value_outside_the_range_is_reached_by_the_flip(formulas: Bank):
    low, high = formulas.range(RISK)
    row = formulas.row(0)
    for own, bounds in ((2 * low, (low, high)), (high, (low, low / 2)), (low, (high / 2, high))):
        row.replace(formulas.bundle.scorer.column_of(RISK), [own])
        found = sensitivity(formulas.bundle.scorer, row, RISK, *bounds, THRESHOLD)
        assert found.value == own
        assert found.steps[0][0] == bounds[0]
        assert found.steps[-1][0] <= bounds[1]
        if found.flip is not None:
            ends = np.array([found.flip, np.nextafter(found.flip, own), own])
            decisions = formulas.scores(0, RISK, ends) >= THRESHOLD
            assert decisions.tolist() == [not decisions[2], decisions[2], decisions[2]]


def test_a_feature_that_is_never_known_has_no_step(case_named):
    bank = bank_of_case(case_named("a feature never known"))
    found = asked(bank, 0, "OWN_CAR_AGE")
    assert (found.value, found.steps, found.exact, found.flip) == (None, (), True, None)
    assert found.probability == bank.scores(0, "OWN_CAR_AGE", np.array([np.nan]))[0]


def test_what_the_model_refuses_has_no_score(formulas: Bank):
    """AMT_CREDIT / RISK is infinite next to zero, and missing at zero."""
    found = asked(formulas, 0, RISK)
    refused = [position for position, (_, score) in enumerate(found.steps) if score is None]
    assert len(refused) == 2
    for position in refused:
        (start, _), (end, _) = found.steps[position : position + 2]
        for edge in (start, np.nextafter(end, -1)):
            with pytest.raises(InvalidApplication, match="out of range"):
                changed_score(formulas, edge)
        for edge in (np.nextafter(start, -1), end):
            assert changed_score(formulas, edge) == formulas.scores(0, RISK, np.array([edge]))[0]


def test_what_follows_is_refused_though_the_model_does_not_take_it(tmp_path: Path):
    others = [name for name in NUMBERS if name != POLE]
    pipeline = make_pipeline(ColumnTransformer([("some", SimpleImputer(), others)]), lightgbm())
    bank = bank_of(with_formulas(tmp_path / "ressources", pipeline, PROVED), PROVED)
    found = asked(bank, 0, RISK)
    assert found.exact
    around = dict(found.steps)
    credit = bank.tables[1]["AMT_CREDIT"][0]
    refused = [start for start, score in found.steps if score is None]
    assert len(refused) == 2
    with np.errstate(all="ignore"):
        assert np.isinf(credit / np.array(refused)).all()
        assert np.isfinite(credit / np.nextafter(refused[0], -1))
    assert around[0.0] == bank.scores(0, RISK, np.array([0.0]))[0]


def changed_score(bank: Bank, risk: float) -> float:
    """As the desk scores the first client with another risk."""
    desk, row = bank.bundle.scorer, bank.row(0)
    row.replace(desk.column_of(RISK), [risk])
    desk.follow(row, {RISK})
    return desk.probabilities(row)[0]


def test_unknown_features_and_refused_rows(formulas: Bank):
    desk, row = formulas.bundle.scorer, formulas.row(0)
    with pytest.raises(UnknownFeature, match="unknown feature AMT"):
        sensitivity(desk, row, "AMT", 0, 1, THRESHOLD)
    row.replace(desk.column_of(RISK), [np.inf])
    with pytest.raises(InvalidApplication):
        sensitivity(desk, row, "AMT_CREDIT", 0, 1, THRESHOLD)
