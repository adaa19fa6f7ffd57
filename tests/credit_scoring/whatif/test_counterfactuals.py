"""The smallest change that turns a decision, against a search through many values."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from credit_scoring.model.classifiers.classifier import Classifier
from credit_scoring.whatif.counterfactuals import (
    NOTHING_MAY_CHANGE,
    Counterfactual,
    Counterfactuals,
    Extent,
    counterfactuals,
    extent,
)
from tests.credit_scoring.whatif.what_if_case import (
    LEAST,
    POLE,
    PRODUCT,
    PROVED,
    RISK,
    WhatIfCase,
    with_formulas,
    write_features,
)
from tests.support.bundles.artefacts import FLAGS, NUMBERS, TEXTS, lightgbm, make_folder
from tests.support.bundles.recipes import RECIPES

CHANGES = {
    "AMT_CREDIT": {"change": "any", "label": "Amount of the loan"},
    "DAYS_BIRTH": {"change": "down"},
    "OWN_CAR_AGE": {"change": "any"},
    RISK: {"change": "up"},
    LEAST: {"change": "any"},
    POLE: {"depends": "DAYS_BIRTH"},
}
WHOLE = ("DAYS_BIRTH", "OWN_CAR_AGE")


@pytest.fixture(scope="module")
def what_if_case(tmp_path_factory: pytest.TempPathFactory) -> WhatIfCase:
    path = tmp_path_factory.mktemp("alternatives") / "ressources"
    pipeline = make_pipeline(SimpleImputer(), lightgbm())
    return WhatIfCase.of_folder(with_formulas(path, pipeline, PROVED, CHANGES), PROVED)


def counterfactuals_of(
    what_if_case: WhatIfCase, client: int, threshold: float
) -> Sequence[Counterfactual]:
    bundle = what_if_case.bundle
    extents = {
        name: extent(bundle.reference, bundle.raw, bundle.scorer.column_of(name))
        for name, feature in bundle.dictionary.features.items()
        if feature.change != "none"
    }
    found = counterfactuals(
        bundle.scorer, what_if_case.row(client), threshold, bundle.reference, extents
    )
    assert (found.is_exact, found.note) == (True, None)
    return found.alternatives


def values_beyond(what_if_case: WhatIfCase, client: int, feature: str, *, up: bool) -> np.ndarray:
    """Many values in one direction, the nearest first; all whole ones for a whole feature."""
    low, high = what_if_case.range(feature)
    own = what_if_case.tables[1][feature][client]
    values = np.arange(low, high + 1) if feature in WHOLE else np.linspace(low, high, 1500)
    return values[values > own] if up else values[values < own][::-1]


def share_passed(what_if_case: WhatIfCase, feature: str, own: float, value: float) -> float:
    known = what_if_case.tables[0][feature].dropna()
    between = known.between(own, value) if value > own else known.between(value, own)
    return (between & (known != own)).mean()


@pytest.mark.parametrize("threshold", [0.35, 0.6])
def test_the_smallest_change_of_each_feature(what_if_case: WhatIfCase, threshold: float):
    turned = 0
    for client in (0, 4, 9):
        found = counterfactuals_of(what_if_case, client, threshold)
        row = what_if_case.tables[1].iloc[client]
        probability = what_if_case.pipeline.predict_proba(
            what_if_case.tables[1].iloc[[client]][list(what_if_case.pipeline.feature_names_in_)]
        )[0, 1]
        refused = probability >= threshold
        assert [one.moved for one in found] == sorted(one.moved for one in found)
        for feature, cells in CHANGES.items():
            change = cells.get("change", "none")
            several = {one.direction: one for one in found if one.feature == feature}
            allowed = {"any": {"up", "down"}, "none": set()}.get(change, {change})
            assert several.keys() <= allowed
            if pd.isna(row[feature]):
                assert not several
                continue
            nearest = {}
            for direction in allowed:
                values = values_beyond(what_if_case, client, feature, up=direction == "up")
                scores = (
                    what_if_case.scores(client, feature, values) if len(values) else np.empty(0)
                )
                other = values[(scores >= threshold) != refused]
                if len(other):
                    nearest[direction] = share_passed(what_if_case, feature, row[feature], other[0])
                    assert several or feature not in WHOLE
                if direction in several and len(other):
                    value = several[direction].value
                    assert abs(value - row[feature]) <= abs(other[0] - row[feature])
                    assert feature not in WHOLE or value == other[0]
            if refused:
                assert len(several) <= 1
            elif nearest:
                assert nearest.keys() <= several.keys()
            for one in several.values():
                turned += 1
                assert_turns(what_if_case, client, one, threshold, refused=refused)
                if refused and nearest:
                    assert one.moved <= min(nearest.values())
    assert turned > 2


def assert_turns(
    what_if_case: WhatIfCase, client: int, one: Counterfactual, threshold: float, *, refused: bool
) -> None:
    own = what_if_case.tables[1][one.feature][client]
    before = one.value - np.sign(one.value - own)
    if one.feature not in WHOLE:
        before = np.nextafter(one.value, own)
    scores = what_if_case.scores(client, one.feature, np.array([one.value, before]))
    assert one.probability == scores[0]
    assert (scores >= threshold).tolist() == [not refused, refused]
    assert one.moved == share_passed(what_if_case, one.feature, own, one.value)
    assert one.label == CHANGES[one.feature].get("label", one.feature)
    follows = {
        "AMT_CREDIT": {POLE},
        "DAYS_BIRTH": {LEAST},
        LEAST: set(),
        "OWN_CAR_AGE": {PRODUCT, LEAST} | set(PROVED) - {POLE},
        RISK: set(PROVED),
    }
    assert set(one.recomputed) == follows[one.feature]
    assert one.stale == ((POLE,) if one.feature == "DAYS_BIRTH" else ())


def test_flags_and_texts_turn_as_the_pipeline_does(tmp_path: Path):
    folder = make_folder(tmp_path / "ressources", *RECIPES["lightgbm text dense"]())
    changes = {TEXTS[0]: "any", TEXTS[1]: "up", FLAGS[0]: "any", FLAGS[1]: "down"}
    write_features(folder, {name: {"change": change} for name, change in changes.items()})
    what_if_case = WhatIfCase.of_folder(folder)
    found: set[str] = set()
    for client in range(6):
        row = what_if_case.tables[1].iloc[[client]][list(what_if_case.pipeline.feature_names_in_)]
        probability = what_if_case.pipeline.predict_proba(row)[0, 1]
        # The decision turns with almost any change of the score.
        for threshold in (probability, np.nextafter(probability, 1)):
            for one in counterfactuals_of(what_if_case, client, threshold):
                value = bool(one.value) if one.feature in FLAGS else one.value
                (score,) = what_if_case.scores(client, one.feature, np.array([value], object))
                assert score == one.probability
                assert (score >= threshold) != (probability >= threshold)
                own = row[one.feature].iloc[0]
                if one.feature == TEXTS[0]:
                    assert (one.direction, one.moved) == (None, None)
                    assert one.value != own
                else:
                    assert one.direction == ("up" if one.value else "down")
                    assert own == (not one.value)
                found.add(one.feature)
    assert TEXTS[0] in found
    assert TEXTS[1] not in found


def test_the_extent_is_the_range_in_both_tables(what_if_case: WhatIfCase):
    bundle = what_if_case.bundle
    for feature in ("AMT_CREDIT", *WHOLE):
        found = extent(bundle.reference, bundle.raw, bundle.scorer.column_of(feature))
        assert found == Extent(*what_if_case.range(feature), feature in WHOLE)


def test_features_that_may_not_change_have_no_counterfactual(tmp_path: Path):
    path = tmp_path / "ressources"
    what_if_case = WhatIfCase.of_folder(
        with_formulas(path, make_pipeline(SimpleImputer(), lightgbm()), PROVED)
    )
    bundle = what_if_case.bundle
    found = counterfactuals(bundle.scorer, what_if_case.row(0), 0.5, bundle.reference, {})
    assert found == Counterfactuals((), is_exact=True, note=NOTHING_MAY_CHANGE)
    assert found.note == (
        "no feature may change: set the column change of features.csv to up, down or any for those"
        " that a client can change"
    )


class CountingClassifier:
    """A classifier that counts the calls of its model, and the rows in them."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self.calls = self.rows = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.classifier, name)

    def probability(self, row: np.ndarray) -> float:
        self.calls, self.rows = self.calls + 1, self.rows + 1
        return self.classifier.probability(row)

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        self.calls, self.rows = self.calls + 1, self.rows + len(rows)
        return self.classifier.probabilities(rows)


KINDS = {
    "linear": LogisticRegression,
    "neural net": lambda: MLPClassifier((6,), solver="lbfgs", max_iter=2000, random_state=0),
}


@pytest.fixture(scope="module", params=KINDS)
def other_case(request, tmp_path_factory: pytest.TempPathFactory) -> WhatIfCase:
    path = tmp_path_factory.mktemp("kinds") / "ressources"
    pipeline = make_pipeline(
        make_pipeline(SimpleImputer(), StandardScaler()), KINDS[request.param]()
    )
    folder = make_folder(path, pipeline, NUMBERS)
    write_features(folder, {name: {"change": "any"} for name in NUMBERS})
    return WhatIfCase.of_folder(folder)


def test_every_feature_of_a_model_without_trees_turns_at_a_double(other_case: WhatIfCase):
    """The double before each value, towards the client's own, has the client's decision."""
    bundle = other_case.bundle
    is_linear = bundle.classifier.coefficients is not None
    extents = {
        name: extent(bundle.reference, bundle.raw, bundle.scorer.column_of(name))
        for name in NUMBERS
    }
    classifier = CountingClassifier(bundle.classifier)
    scorer = replace(bundle.scorer, classifier=classifier)
    turned = 0
    for client in range(20):
        classifier.calls = classifier.rows = 0
        found = counterfactuals(scorer, other_case.row(client), 0.5, bundle.reference, extents)
        # Within two seconds for a model that takes a millisecond a call and 20 microseconds a row.
        assert classifier.calls / 1000 + classifier.rows / 50_000 < (0.1 if is_linear else 2)
        assert found.is_exact == is_linear
        for one in found.alternatives:
            turned += 1
            own = other_case.tables[1][one.feature][client]
            whole = extents[one.feature].is_whole
            before = one.value - np.sign(one.value - own) if whole else np.nextafter(one.value, own)
            scores = other_case.scores_alone(
                client, one.feature, np.array([one.value, before, own])
            )
            assert scores[0] == one.probability
            decisions = (scores >= 0.5).tolist()
            assert decisions == [not decisions[2], decisions[2], decisions[2]]
    assert turned > 20
