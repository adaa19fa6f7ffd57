"""Tree ensembles that take texts or pandas' categories: every row as their library has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator

from credit_scoring.explain.tree_kernel.acceleration import accelerate
from credit_scoring.float_search import above
from credit_scoring.model.classifiers.choice import choose_classifier
from credit_scoring.model.classifiers.frame_model import FrameModel
from tests.credit_scoring.shapley import by_definition

TEXTS = ["sex", "job"]
JOBS, MORE_JOBS = 9, 12  # that models know, and that new clients have
LEVELS: Mapping[str, Any] = {
    "sex": pd.CategoricalDtype(["w", "m"]),
    "job": pd.CategoricalDtype([f"job {at}" for at in (3, 1, 2, 0, 8, 7, 6, 5, 4)]),
    "branch": pd.CategoricalDtype([80, 0, 10, 30, 20, 50, 40, 70, 60]),
}
XGBOOST = {"n_estimators": 20, "enable_categorical": True, "n_jobs": 1}
CATBOOST = {
    "iterations": 60, "verbose": 0, "allow_writing_files": False, "thread_count": 1,
    "random_seed": 0, "max_ctr_complexity": 4, "model_size_reg": 0, "cat_features": TEXTS,
}  # fmt: skip


def clients(number: int, seed: int, jobs: int = JOBS) -> tuple[pd.DataFrame, np.ndarray]:
    """Numbers, some of them missing, texts, a branch's number, and classes."""
    random = np.random.default_rng(seed)
    job, sex = random.integers(0, jobs, number), random.choice(["m", "w"], number)
    table = pd.DataFrame({name: random.normal(size=number) for name in ("income", "debt", "age")})
    table["sex"], table["job"] = sex, [f"job {at}" for at in job]
    table["branch"] = random.integers(0, jobs, number) * 10
    risk = table["income"] + table["debt"] * (sex == "m") + (job % 3 == 1) + (job > 5)
    risk += (table["branch"] % 40 == 10) * 1.0 - (table["branch"] > 50)
    table.loc[random.random(number) < 0.1, "income"] = np.nan
    return table, (risk + random.normal(size=number) / 2 > 1).astype(int)


def as_levels(table: pd.DataFrame) -> pd.DataFrame:
    """Texts and branches as categories; those that models do not know are missing."""
    columns = {
        name: table[name].where(table[name].isin(kind.categories)).astype(kind)
        for name, kind in LEVELS.items()
    }
    return table.assign(**columns)


@dataclass(frozen=True, eq=False)
class TextCase:
    """A fitted model and new clients.

    Attributes:
        model: the library's classifier.
        table: the clients as the library takes them.
        rows: the clients as the service has them, shape (clients, features).
        wrapped: the model as the service wraps it.
    """

    model: Any
    table: pd.DataFrame
    rows: np.ndarray
    wrapped: FrameModel


def text_case(model: Any, raw: pd.DataFrame, table: pd.DataFrame, types: Any) -> TextCase:
    """A case whose texts are those of the new clients, not of the model."""
    names = list(raw.columns)
    texts = {names.index(name): sorted(set(raw[name])) for name in TEXTS}
    rows = raw.copy()
    for column, known in texts.items():
        rows[names[column]] = pd.Index(known).get_indexer(raw[names[column]])
    wrapped = FrameModel(model, tuple(names), dict(raw.dtypes) | types, texts)
    return TextCase(model, table, rows.to_numpy(float), wrapped)


def xgboost(**options: Any) -> TextCase:
    library = pytest.importorskip("xgboost")
    table, classes = clients(900, 0)
    raw, _ = clients(500, 1, MORE_JOBS)
    for some in (table, raw) if "missing" in options else ():
        some.loc[some.index % 5 == 0, "debt"] = options["missing"]
    model = library.XGBClassifier(**XGBOOST | options).fit(as_levels(table), classes)
    return text_case(model, raw, as_levels(raw), LEVELS)


def catboost(**options: Any) -> TextCase:
    library = pytest.importorskip("catboost")
    table, classes = clients(900, 0)
    model = library.CatBoostClassifier(**CATBOOST | options).fit(table, classes)
    raw, _ = clients(300, 1, MORE_JOBS)
    return text_case(model, raw, raw, {})


def histogram_boosting() -> TextCase:
    table, classes = clients(900, 0)
    model = HistGradientBoostingClassifier(max_iter=20, categorical_features="from_dtype")
    model.fit(as_levels(table), classes)
    raw, _ = clients(500, 1, MORE_JOBS)
    return text_case(model, raw, raw, {})


CASES = {
    "xgboost": xgboost,
    "xgboost partitions": lambda: xgboost(max_cat_to_onehot=1),
    "xgboost one-hot": lambda: xgboost(max_cat_to_onehot=50),
    "xgboost dart": lambda: xgboost(booster="dart", rate_drop=0.4, random_state=0),
    "xgboost light nodes": lambda: xgboost(min_child_weight=0, grow_policy="lossguide"),
    "xgboost, 0 is missing": lambda: xgboost(missing=0.0),
    "xgboost, 3 is missing": lambda: xgboost(missing=3.0, max_cat_to_onehot=1),
    "xgboost, -999 is missing": lambda: xgboost(missing=-999.0),
    "histogram boosting": histogram_boosting,
    "catboost": catboost,
    "catboost statistics of sexes": lambda: catboost(one_hot_max_size=1),
    "catboost one-hot": lambda: catboost(one_hot_max_size=20),
    "catboost branches": lambda: catboost(cat_features=[*TEXTS, "branch"]),
    "catboost without combinations": lambda: catboost(max_ctr_complexity=1),
    "catboost statistics of all kinds": lambda: catboost(
        simple_ctr=["Buckets", "BinarizedTargetMeanValue", "Counter"], combinations_ctr=["Buckets"]
    ),
    "catboost averaged, largest missing": lambda: catboost(
        boost_from_average=True, nan_mode="Max", auto_class_weights="Balanced"
    ),
    "catboost lossguide": lambda: catboost(grow_policy="Lossguide", one_hot_max_size=1),
    "catboost depthwise": lambda: catboost(grow_policy="Depthwise", nan_mode="Max"),
    "catboost depthwise one-hot": lambda: catboost(grow_policy="Depthwise", one_hot_max_size=20),
    "catboost lossguide branches": lambda: catboost(
        grow_policy="Lossguide", cat_features=[*TEXTS, "branch"]
    ),
}


@pytest.mark.parametrize("column", [1, 0])
@pytest.mark.parametrize("name", CASES)
def test_every_row_is_scored_and_explained_as_by_the_library(name: str, column: int):
    """Also rows with missing values, and with texts that the model does not know."""
    case = CASES[name]()
    classifier = choose_classifier(case.wrapped, column)
    expected = case.model.predict_proba(case.table)[:, column]
    np.testing.assert_array_equal(classifier.probabilities(case.rows), expected)
    alone = [classifier.probability(row) for row in case.rows[:20]]
    np.testing.assert_array_equal(alone, expected[:20])
    raw = classifier.raw_outputs(case.rows)
    assert np.abs(expit(raw) - expected).max() <= (1e-6 if "xgboost" in name else 1e-12)
    values, base = classifier.contributions(case.rows)
    assert np.abs(base + values.sum(axis=1) - raw).max() <= 1e-12
    assert classifier.explained_by == "treeshap"
    assert (values.std(axis=0)[[0, 1, 3, 4]] > 0.01).all()
    accelerate(classifier, case.rows[:8])
    assert classifier.is_quick
    assert np.abs(classifier.contributions(case.rows)[0] - values).max() <= 1e-12
    own = own_contributions(case, column)
    if own is not None:
        accuracy = 2e-6 if "xgboost" in name else 1e-12  # of XGBoost's own single precision
        assert np.abs(values - own[:, :-1]).max() <= accuracy
        assert abs(base - own[0, -1]) <= accuracy


def is_symmetric(model: Any) -> bool:
    """True for a CatBoost whose nodes of one level have one split."""
    return model.get_all_params()["grow_policy"] == "SymmetricTree"


def own_contributions(case: TextCase, column: int) -> np.ndarray | None:
    """SHAP values and base by the library itself, shape (m, n + 1); None if it has none."""
    sign = 1 if column == 1 else -1
    match type(case.model).__name__:
        case "XGBClassifier":
            from xgboost import DMatrix

            matrix = DMatrix(case.table, enable_categorical=True, missing=case.model.missing)
            return sign * case.model.get_booster().predict(matrix, pred_contribs=True)
        case "CatBoostClassifier" if not is_symmetric(case.model):
            return None  # its values do not add up where a path tests a feature twice
        case "CatBoostClassifier":
            from catboost import Pool

            pool = Pool(case.table, cat_features=case.model.get_cat_feature_indices())
            return sign * case.model.get_feature_importance(pool, type="ShapValues")
    return None


@pytest.mark.parametrize(
    "name",
    [
        "xgboost partitions",
        "histogram boosting",
        "catboost",
        "catboost depthwise",
        "xgboost, 0 is missing",
    ],
)
def test_scores_of_numbers_change_at_split_points_only(name: str):
    """CatBoost's numbers also have split points inside combinations with texts."""
    case = CASES[name]()
    classifier = choose_classifier(case.wrapped)
    points = classifier.split_points
    assert points is not None
    changes = 0
    for feature in range(3):
        inside = points[feature][np.abs(points[feature]) < 10]
        values = np.sort(np.concatenate([inside, above(inside), np.linspace(-4, 4, 801)]))
        for row in case.rows[:6]:
            moved = np.tile(row, (len(values), 1))
            moved[:, feature] = values
            changed = np.diff(classifier.probabilities(moved)) != 0
            assert (np.diff(np.searchsorted(inside, values)) > 0)[changed].all()
            changes += changed.sum()
    assert changes > 50


def test_combinations_of_texts_are_players_of_their_own():
    """Trees of CatBoost with combinations of texts, and with numbers inside them."""
    derived = choose_classifier(CASES["catboost statistics of sexes"]().wrapped).trees.derived
    sex, job = 3, 4
    assert {(sex,), (job,), (sex, job)} == set(derived.owners)
    assert set(derived.split_points) & {0, 1, 2}
    shared = derived.features + derived.owners.index((sex, job))
    assert set(derived.players) == {*range(6), shared}
    values = np.zeros((1, len(derived.players)))
    values[0, [job, shared]] = 1.0, 3.0
    np.testing.assert_array_equal(derived.by_feature(values), [[0, 0, 0, 1.5, 2.5, 0]])


def test_numbers_that_are_categories_have_no_split_points():
    case = CASES["catboost branches"]()
    points = choose_classifier(case.wrapped).split_points
    assert [at is None for at in points] == [False, False, False, True, True, True]


def test_a_calibrated_catboost_with_categories_is_explained_by_permutation():
    library = pytest.importorskip("catboost")
    rows = np.random.default_rng(0).integers(0, 5, (200, 3))
    classes = (rows[:, 0] > rows[:, 1]).astype(int)
    own = library.CatBoostClassifier(**CATBOOST | {"iterations": 5, "cat_features": [0, 2]})
    frozen = FrozenEstimator(own.fit(rows, classes))
    calibrated = CalibratedClassifierCV(frozen, method="isotonic").fit(rows, classes)
    assert choose_classifier(calibrated).explained_by == "permutation"


def test_a_flag_may_be_a_category():
    library = pytest.importorskip("catboost")
    table, classes = clients(300, 0)
    table = table[["income", "debt"]].assign(flag=table["sex"] == "m")
    options = CATBOOST | {"cat_features": ["flag"], "one_hot_max_size": 1}
    model = library.CatBoostClassifier(**options).fit(table, classes)
    wrapped = FrameModel(model, tuple(table.columns), dict(table.dtypes), {})
    classifier, rows = choose_classifier(wrapped), table.to_numpy(float)
    assert classifier.explained_by == "treeshap"
    np.testing.assert_array_equal(classifier.probabilities(rows), model.predict_proba(table)[:, 1])


@pytest.mark.parametrize("policy", ["Lossguide", "Depthwise"])
@pytest.mark.parametrize("one_hot", [1, 20])
def test_categories_in_trees_that_are_not_symmetric_have_shapley_values(policy: str, one_hot: int):
    """By their definition: CatBoost's own do not add up where a path tests a feature twice."""
    case = catboost(grow_policy=policy, one_hot_max_size=one_hot, iterations=6, depth=4)
    classifier = choose_classifier(case.wrapped)
    values, base = classifier.contributions(case.rows[:4])
    for row, found in zip(case.rows, values, strict=False):
        expected, expected_base = by_definition(classifier.trees, row)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
        assert base == pytest.approx(expected_base, abs=1e-12)
    assert np.ptp(values[:, [0, 4]], axis=0).min() > 0.05


def test_trees_of_one_split_that_are_not_symmetric_are_explained_as_by_catboost():
    library = pytest.importorskip("catboost")
    case = catboost(grow_policy="Depthwise", depth=1, one_hot_max_size=1)
    values, base = choose_classifier(case.wrapped).contributions(case.rows)
    pool = library.Pool(case.table, cat_features=TEXTS)
    own = case.model.get_feature_importance(pool, type="ShapValues")
    assert np.abs(values - own[:, :-1]).max() <= 1e-12
    assert abs(base - own[0, -1]) <= 1e-12
    assert values[:, 4].std() > 0.1


def test_a_code_that_counts_as_missing_has_no_level_of_its_own():
    """XGBoost's first category of each column, and the number 0 elsewhere."""
    case = xgboost(missing=0.0)
    classifier, rows = choose_classifier(case.wrapped), case.rows[:60].copy()
    column = list(case.table).index("job")
    texts = list(case.wrapped.categories[column])
    first = LEVELS["job"].categories[0]
    rows[:, column] = texts.index(first)
    of_first = classifier.contributions(rows)[0]
    rows[:, column] = np.nan
    np.testing.assert_array_equal(classifier.contributions(rows)[0], of_first)
    rows[:, column] = 0  # the code of another text
    assert np.abs(classifier.contributions(rows)[0] - of_first).max() > 0.05
