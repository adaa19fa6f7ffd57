"""Two changes that turn a decision only together: linear models, nets, texts, many features."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from credit_scoring.whatif.combinations import MOST_FEATURES
from tests.credit_scoring.whatif.combination_case import (
    assert_combination,
    beneath,
    finder_of,
    nearest_by_trying,
)
from tests.credit_scoring.whatif.what_if_case import (
    POLE,
    PRODUCT,
    NumpyFormula,
    WhatIfCase,
    ratio,
    with_formulas,
    write_features,
)
from tests.support.bundles.artefacts import FLAGS, NUMBERS, TEXTS, lightgbm, make_folder
from tests.support.bundles.recipes import RECIPES

ANY = {name: {"change": "any"} for name in NUMBERS[:4]}
KINDS = {
    "linear": LogisticRegression,
    "neural net": lambda: MLPClassifier((6,), solver="lbfgs", max_iter=2000, random_state=0),
}


@pytest.fixture(scope="module", params=KINDS)
def other_case(request, tmp_path_factory: pytest.TempPathFactory) -> WhatIfCase:
    path = tmp_path_factory.mktemp("kinds") / "ressources"
    scaled = make_pipeline(SimpleImputer(), StandardScaler())
    folder = make_folder(path, make_pipeline(scaled, KINDS[request.param]()), NUMBERS)
    write_features(folder, ANY)
    return WhatIfCase.of_folder(folder)


def test_combinations_of_models_without_trees_turn_at_a_double(other_case: WhatIfCase):
    """For a linear model, whose score falls along each feature, no pair of a grid is nearer."""
    is_linear = other_case.bundle.classifier.coefficients is not None
    found_pairs = 0
    for client in range(6):
        threshold = beneath(other_case, client, 0.2)
        found = finder_of(other_case, threshold).find(other_case.row(client))
        assert (found.is_exact, found.note) == (is_linear, None)
        known = {tuple(c.feature for c in one.changes): one for one in found.combinations}
        for one in known.values():
            found_pairs += 1
            assert one.exact == is_linear
            assert_combination(other_case, client, one, threshold, ANY)
        features = [name for name in other_case.tables[1] if name in ANY]
        for names in combinations(features, 2) if is_linear else ():
            if other_case.tables[1].loc[client, [*names]].isna().any():
                assert names not in known
                continue
            least = nearest_by_trying(other_case, client, names, threshold, ANY)
            assert (known[names].moved if names in known else np.inf) <= least + 1e-12
    assert found_pairs > 4


@pytest.mark.parametrize("other_case", ["neural net"], indirect=True)
def test_few_rows_are_scored_one_by_one(other_case: WhatIfCase, monkeypatch: pytest.MonkeyPatch):
    """Each such row is a call of the model: thousands of them would hold up the service."""
    classifier = other_case.bundle.classifier
    alone: list[int] = []
    probabilities = type(classifier).probabilities

    def counted(self: object, rows: np.ndarray) -> np.ndarray:
        alone.append(len(rows))
        return probabilities(self, rows)

    monkeypatch.setattr(type(classifier), "probabilities", counted)
    for client in range(6):
        alone.clear()
        threshold = beneath(other_case, client, 0.2)
        found = finder_of(other_case, threshold).find(other_case.row(client))
        assert found.combinations
        assert 50 < sum(alone) < 900


def between_alone_and_together(what_if_case: WhatIfCase, client: int) -> float:
    """A threshold that a text and a flag reach together, and neither alone, if there is one."""
    texts = what_if_case.tables[0][TEXTS[0]].dropna().unique()
    flag = np.array([not what_if_case.tables[1][FLAGS[0]][client]], object)
    alone = what_if_case.scores(client, TEXTS[0], texts).min()
    alone = min(alone, what_if_case.scores(client, FLAGS[0], flag)[0])
    both = {TEXTS[0]: texts, FLAGS[0]: np.repeat(flag, len(texts))}
    together = what_if_case.scores_of(client, both).min()
    return (alone + together) / 2 if together < alone else beneath(what_if_case, client)


def test_texts_and_flags_combine_with_each_other_and_with_numbers(tmp_path: Path):
    folder = make_folder(tmp_path / "ressources", *RECIPES["lightgbm text dense"]())
    changes = {TEXTS[0]: "any", FLAGS[0]: "any", FLAGS[1]: "down", "AMT_CREDIT": "any"}
    write_features(folder, {name: {"change": change} for name, change in changes.items()})
    what_if_case = WhatIfCase.of_folder(folder)
    kinds = set()
    for client in range(12):
        threshold = between_alone_and_together(what_if_case, client)
        found = finder_of(what_if_case, threshold).find(what_if_case.row(client))
        assert found.is_exact
        has_text = [one.moved is None for one in found.combinations]
        assert has_text == sorted(has_text)
        row = what_if_case.tables[1].iloc[client]
        for one in found.combinations:
            values = {
                c.feature: bool(c.value) if c.feature in FLAGS else c.value for c in one.changes
            }
            kinds.add(frozenset(values))
            tried = [values, *({name: value} for name, value in values.items())]
            scores = [
                what_if_case.scores_of(
                    client, {name: np.array([value], object) for name, value in each.items()}
                )[0]
                for each in tried
            ]
            assert scores[0] == one.probability
            assert [score < threshold for score in scores] == [True, False, False]
            assert (one.moved is None) == (TEXTS[0] in values)
            for change in one.changes:
                assert values[change.feature] != row[change.feature]
                assert (change.direction is None) == (change.feature == TEXTS[0])
                assert change.feature != FLAGS[1] or not change.value
                if change.feature in FLAGS:
                    known = what_if_case.tables[0][change.feature].dropna()
                    passed = (known == values[change.feature]).mean()
                    assert change.moved == pytest.approx(passed)
    assert any(len(kind & {*FLAGS, TEXTS[0]}) == 2 for kind in kinds)
    assert any(len(kind & {*FLAGS, TEXTS[0]}) == 1 for kind in kinds)


def test_of_many_features_those_that_gain_most_are_combined(tmp_path: Path):
    folder = make_folder(
        tmp_path / "ressources", make_pipeline(SimpleImputer(), lightgbm()), NUMBERS
    )
    write_features(folder, {name: {"change": "any"} for name in NUMBERS})
    what_if_case = WhatIfCase.of_folder(folder)
    assert len(NUMBERS) > MOST_FEATURES
    client = next(at for at in range(20) if what_if_case.tables[1].loc[at, NUMBERS].notna().all())
    threshold = beneath(what_if_case, client, 0.1)
    found = finder_of(what_if_case, threshold).find(what_if_case.row(client))
    assert not found.is_exact  # some pairs were not tried
    assert {one.exact for one in found.combinations} == {True}
    combined = {change.feature for one in found.combinations for change in one.changes}
    assert 2 <= len(combined) <= MOST_FEATURES
    gains = {
        name: what_if_case.scores(
            client, name, what_if_case.tables[0][name].dropna().to_numpy()
        ).min()
        for name in NUMBERS
    }
    assert min(gains, key=gains.__getitem__) in combined


def test_two_mixed_features_are_searched_by_trying(tmp_path: Path):
    """A ratio and a sum of the same two features have cells of no simple shape."""
    formulas = {
        POLE: NumpyFormula(
            "AMT_CREDIT / DAYS_BIRTH", lambda f: ratio(f["AMT_CREDIT"], f["DAYS_BIRTH"])
        ),
        PRODUCT: NumpyFormula(
            "AMT_CREDIT / 1000 + DAYS_BIRTH", lambda f: f["AMT_CREDIT"] / 1000 + f["DAYS_BIRTH"]
        ),
    }
    changes = {"AMT_CREDIT": {"change": "any"}, "DAYS_BIRTH": {"change": "any"}}
    pipeline = make_pipeline(SimpleImputer(), lightgbm())
    folder = with_formulas(tmp_path / "ressources", pipeline, formulas, changes)
    what_if_case = WhatIfCase.of_folder(folder, formulas)
    tried = 0
    for client in range(12):
        threshold = beneath(what_if_case, client)
        found = finder_of(what_if_case, threshold).find(what_if_case.row(client))
        for one in found.combinations:
            tried += not one.exact
            assert one.exact == found.is_exact  # trees for this client may use one of them
            assert_combination(what_if_case, client, one, threshold, changes)
    assert tried
