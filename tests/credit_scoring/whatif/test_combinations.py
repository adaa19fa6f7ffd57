"""Two changes that turn a decision of trees only together, against a loop through their values."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from credit_scoring.whatif.combinations import ACCEPTED, CombinationFinder, Combinations
from credit_scoring.whatif.counterfactuals import NOTHING_MAY_CHANGE
from tests.credit_scoring.whatif.combination_case import (
    assert_combination,
    beneath,
    finder_of,
    nearest_by_trying,
    probability_of,
)
from tests.credit_scoring.whatif.what_if_case import (
    MIDDLE,
    POLE,
    PRODUCT,
    RISK,
    NumpyFormula,
    WhatIfCase,
    ratio,
    with_formulas,
)
from tests.support.bundles.artefacts import lightgbm

# A ratio of two features that may change, and two features that follow from one of them alone.
FORMULAS = {
    POLE: NumpyFormula(
        "AMT_CREDIT / DAYS_BIRTH", lambda f: ratio(f["AMT_CREDIT"], f["DAYS_BIRTH"])
    ),
    PRODUCT: NumpyFormula("AMT_CREDIT * 2 - 3", lambda f: f["AMT_CREDIT"] * 2 - 3),
    MIDDLE: NumpyFormula(f"5 / `{PRODUCT}`", lambda f: ratio(np.full(len(f), 5.0), f[PRODUCT])),
}
CHANGES = {
    "AMT_CREDIT": {"change": "down", "label": "Amount of the loan"},
    "DAYS_BIRTH": {"change": "any"},
    RISK: {"change": "any", "label": "Risk"},
    "OWN_CAR_AGE": {"depends": RISK},
}
TREES = {
    "lightgbm": lightgbm,
    "extra trees": lambda: ExtraTreesClassifier(15, max_depth=5, random_state=0),
    "histogram boosting": lambda: HistGradientBoostingClassifier(max_iter=12, random_state=0),
}


@pytest.fixture(scope="module", params=TREES)
def trees_case(request, tmp_path_factory: pytest.TempPathFactory) -> WhatIfCase:
    path = tmp_path_factory.mktemp("combinations") / "ressources"
    pipeline = make_pipeline(
        make_pipeline(SimpleImputer(), StandardScaler()), TREES[request.param]()
    )
    folder = with_formulas(path, pipeline, FORMULAS, CHANGES)
    return WhatIfCase.of_folder(folder, FORMULAS)


def test_no_pair_of_a_grid_is_nearer_than_a_combination_of_trees(trees_case: WhatIfCase):
    found_pairs = 0
    for client in range(6):
        threshold = beneath(trees_case, client)
        found = finder_of(trees_case, threshold).find(trees_case.row(client))
        assert (found.is_exact, found.note) == (True, None)
        moved = [one.moved for one in found.combinations]
        assert moved == sorted(moved)
        known = {tuple(c.feature for c in one.changes): one for one in found.combinations}
        features = [name for name in trees_case.tables[1] if "change" in CHANGES.get(name, {})]
        for names in combinations(features, 2):
            least = nearest_by_trying(trees_case, client, names, threshold, CHANGES)
            if names not in known:
                assert least == np.inf
                continue
            one = known[names]
            found_pairs += 1
            assert one.exact
            assert one.moved <= least + 1e-12
            assert_combination(trees_case, client, one, threshold, CHANGES)
            assert set(one.recomputed) <= FORMULAS.keys()
            assert (POLE in one.recomputed) == bool({"AMT_CREDIT", "DAYS_BIRTH"} & {*names})
            assert one.stale == (("OWN_CAR_AGE",) if RISK in names else ())
    assert found_pairs > 2


# Nothing to combine, and limits of values


def test_an_accepted_row_and_one_whose_features_may_not_change(
    lightgbm_folder, trees_case: WhatIfCase
):
    accepted = finder_of(trees_case, probability_of(trees_case, 0) * 1.01)
    assert accepted.find(trees_case.row(0)) == Combinations((), is_exact=True, note=ACCEPTED)
    assert "refused" in ACCEPTED
    fixed = WhatIfCase.of_folder(lightgbm_folder)
    found = finder_of(fixed, 0.0).find(fixed.row(0))
    assert found == Combinations((), is_exact=True, note=NOTHING_MAY_CHANGE)


def test_a_combination_stays_within_the_range_of_the_dictionary(trees_case: WhatIfCase):
    bundle, name = trees_case.bundle, "AMT_CREDIT"
    for client in range(6):
        threshold = beneath(trees_case, client)
        own = float(trees_case.tables[1][name][client])
        feature = replace(bundle.dictionary.features[name], lowest=0.8 * own)
        dictionary = replace(
            bundle.dictionary, features=dict(bundle.dictionary.features) | {name: feature}
        )
        scorer = replace(bundle.scorer, dictionary=dictionary)
        finder = CombinationFinder(scorer, threshold, bundle.reference, bundle.raw)
        limited = finder.find(trees_case.row(client))
        free = finder_of(trees_case, threshold).find(trees_case.row(client))
        assert limited.is_exact
        least = {tuple(c.feature for c in one.changes): one.moved for one in free.combinations}
        for one in limited.combinations:
            values = {change.feature: change.value for change in one.changes}
            assert 0.8 * own <= values.get(name, own) <= own
            assert one.moved >= least[tuple(values)] - 1e-12
