"""The smallest change that turns a decision, against a search through many values."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from credit_scoring.whatif.counterfactuals import (
    Counterfactual,
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
from tests.support.artefacts import FLAGS, TEXTS, lightgbm, make_folder
from tests.support.recipes import RECIPES

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
) -> list[Counterfactual]:
    bundle = what_if_case.bundle
    extents = {
        name: extent(bundle.reference, bundle.raw, bundle.scorer.column_of(name))
        for name, feature in bundle.dictionary.features.items()
        if feature.change != "none"
    }
    return counterfactuals(
        bundle.scorer, what_if_case.row(client), threshold, bundle.reference, extents
    )


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
    assert counterfactuals_of(what_if_case, 0, 0.5) == []
