"""SHAP values the plain way, against their definition and each library's own."""

import numpy as np
import pytest
import shap

from credit_scoring.model.trees import contributions as module
from credit_scoring.model.trees.contributions import contributions, raw_outputs
from credit_scoring.model.trees.libraries.tree_nodes import Tree, joined
from tests.credit_scoring.shapley import by_definition, unfed
from tests.credit_scoring.tree_models import FEATURES, MODELS, fitted


@pytest.mark.parametrize("name", MODELS)
def test_values_are_those_of_their_definition(name: str):
    case = fitted(name)
    values, base = contributions(case.ensemble, case.rows[:2])
    for row, found in zip(case.rows, values, strict=False):
        expected, expected_base = by_definition(case.ensemble, row)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
        assert base == pytest.approx(expected_base, abs=1e-12)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", MODELS)
def test_values_add_up_to_the_raw_output(name: str, seed: int):
    case = fitted(name, seed)
    values, base = contributions(case.ensemble, case.rows)
    np.testing.assert_allclose(
        base + values.sum(axis=1), raw_outputs(case.ensemble, case.rows), rtol=0, atol=1e-12
    )


def own(model, rows: np.ndarray) -> np.ndarray:
    """SHAP values by the library, the expected raw output in the last column."""
    match type(model).__name__:
        case "LGBMClassifier":
            return model.booster_.predict(rows, pred_contrib=True)
        case "XGBClassifier" | "XGBRFClassifier":
            library = pytest.importorskip("xgboost")
            booster = model.get_booster()
            best = getattr(model, "best_iteration", None)
            return booster.predict(
                library.DMatrix(
                    rows,
                    missing=model.missing,
                    feature_types=booster.feature_types,
                    enable_categorical=True,
                ),
                pred_contribs=True,
                iteration_range=(0, 0 if best is None else best + 1),
            )
        case "CatBoostClassifier":
            library = pytest.importorskip("catboost")
            return model.get_feature_importance(library.Pool(rows), type="ShapValues")
    explainer = shap.TreeExplainer(model)
    values = explainer.shap_values(rows, check_additivity=False)
    values = values[..., 1] if values.ndim == 3 else values
    base = np.full((len(rows), 1), np.ravel(explainer.expected_value)[-1])
    return np.concatenate([values, base], axis=1)


# The library's own values have another factor (LightGBM with these options, the exponential loss)
# or do not add up (CatBoost's where a path of such a tree tests a feature twice), or are refused.
OTHERS = {"lightgbm forest", "lightgbm sigmoid", "gradient boosting exponential",
          "catboost lossguide", "catboost depthwise", "adaboost", "rusboost", "balanced forest",
          "gradient boosting uniform", "gradient boosting zero",
          "histogram boosting categories"}  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", [name for name in MODELS if name not in OTHERS])
def test_values_are_those_of_the_library(name: str, seed: int):
    case = fitted(name, seed)
    rows = case.rows
    if type(case.model).__module__.startswith("sklearn.") and "histogram" not in name:
        rows = rows.astype(np.float32).astype(np.float64)  # shap does not round as scikit-learn
    values, base = contributions(case.ensemble, rows)
    expected = own(case.model, rows)
    scale = max(1, np.abs(expected).max())
    allowed = 1e-5 if name.startswith("xgboost") else 1e-10
    assert np.abs(values - expected[:, :-1]).max() <= allowed * scale
    assert abs(base - expected[0, -1]) <= allowed * scale


@pytest.mark.parametrize(
    ("name", "factor"),
    [("lightgbm forest", 1 / 8), ("lightgbm sigmoid", 2.5), ("gradient boosting exponential", 2)],
)
def test_values_are_those_of_the_library_times_a_factor(name: str, factor: float):
    case = fitted(name)
    rows = case.rows.astype(np.float32).astype(np.float64)
    expected = own(case.model, rows)[:, :-1] * factor
    assert np.abs(contributions(case.ensemble, rows)[0] - expected).max() <= 1e-10


def test_a_row_among_others_gets_what_it_gets_alone():
    case = fitted("forest")
    together, base = contributions(case.ensemble, case.rows)
    for at in (0, 1, 40):
        alone, same = contributions(case.ensemble, case.rows[at : at + 1])
        assert (alone == together[at]).all()
        assert same == base
    empty, same = contributions(case.ensemble, case.rows[:0])
    assert empty.shape == (0, FEATURES)
    assert same == base


def test_many_leaves_are_explained_in_parts(monkeypatch):
    case = fitted("forest")
    together, base = contributions(case.ensemble, case.rows)
    monkeypatch.setattr(module, "LEAVES", 7)
    parts, same = contributions(case.ensemble, case.rows)
    np.testing.assert_allclose(parts, together, rtol=0, atol=1e-14)
    assert same == pytest.approx(base, abs=1e-14)


@pytest.mark.parametrize("first", [0.5, 1.0, 1.5, 2.2, 2.7, 3.0, 3.5, np.nan])
def test_sides_that_no_row_of_training_took_are_explained(first: float):
    ensemble, row = unfed(), np.array([first, -1.0])
    values, base = contributions(ensemble, row[np.newaxis])
    expected, expected_base = by_definition(ensemble, row)
    np.testing.assert_allclose(values[0], expected, rtol=0, atol=1e-14)
    assert base == pytest.approx(expected_base, abs=1e-14)
    assert base + values.sum() == pytest.approx(raw_outputs(ensemble, row[np.newaxis])[0])


def test_trees_without_a_test_have_their_values_in_the_base():
    leaves = joined(leaves_alone(), 0.25, "log-odds")
    values, base = contributions(leaves, np.zeros((2, 3)))
    assert (values == 0).all()
    assert base == 0.25 + 1.5
    assert (raw_outputs(leaves, np.zeros((2, 3))) == 1.75).all()


def leaves_alone() -> list[Tree]:
    none = np.empty(0, np.int64)
    return [
        Tree(none, np.empty(0), none, np.empty((0, 2), np.int64), np.empty(0), np.array([value]))
        for value in (0.5, 1.0)
    ]
