"""Trees of every library as arrays: they decide and add up as the library does."""

import logging
import subprocess
import sys

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from scipy.special import expit
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from credit_scoring.model.trees.contributions import raw_outputs
from credit_scoring.model.trees.ensemble import NotCovered
from credit_scoring.model.trees.readers import ensemble_of, read_ensemble
from tests.credit_scoring.tree_models import (
    CATBOOST,
    FEATURES,
    LIGHTGBM,
    MODELS,
    XGBOOST,
    catboost,
    clients,
    fitted,
    lightgbm,
    xgboost,
)
from tests.support.servers.server import ROOT


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", MODELS)
def test_an_ensemble_gives_the_probabilities_of_its_library(name: str, seed: int):
    """Also for missing values, and on split points and just above them."""
    case = fitted(name, seed)
    found = raw_outputs(case.ensemble, case.rows)
    if case.ensemble.raw_output == "log-odds":
        found = expit(found)
    expected = case.model.predict_proba(case.rows)[:, 1]
    assert np.abs(found - expected).max() <= case.accuracy
    assert (len(np.unique(expected)) > 1) == (len(case.ensemble.feature) > 0)
    share = case.ensemble.share
    assert ((share >= 0) & (share <= 1)).all()


def margins(model, rows: np.ndarray) -> np.ndarray:
    """The raw output by the library's own function."""
    match type(model).__name__:
        case "LGBMClassifier":
            return model.booster_.predict(rows, raw_score=True)
        case "XGBClassifier" | "XGBRFClassifier":
            return model.predict(rows, output_margin=True)
        case "CatBoostClassifier":
            return model.predict(rows, prediction_type="RawFormulaVal")
        case _:
            return model.decision_function(rows)


@pytest.mark.parametrize("name", [
    name for name in MODELS if not name.endswith(("tree", "trees", "forest", "exponential"))
    and not name.startswith(("tree", "forest")) and "sigmoid" not in name
] + ["xgboost forest"])  # fmt: skip
def test_an_ensemble_gives_the_margins_of_its_library(name: str):
    case = fitted(name)
    expected = margins(case.model, case.rows)
    scale = max(1, np.abs(expected).max())
    assert np.abs(raw_outputs(case.ensemble, case.rows) - expected).max() <= case.accuracy * scale


@pytest.mark.parametrize("name", ["gradient boosting", "forest", "xgboost missing 3"])
def test_the_opposite_ensemble_is_of_class_0(name: str):
    case = fitted(name)
    found = raw_outputs(case.ensemble.opposite(), case.rows)
    if case.ensemble.raw_output == "log-odds":
        found = expit(found)
    assert np.abs(found - case.model.predict_proba(case.rows)[:, 0]).max() <= case.accuracy


def test_many_rows_are_scored_in_parts(monkeypatch):
    case = fitted("forest")
    together = raw_outputs(case.ensemble, case.rows)
    monkeypatch.setattr("credit_scoring.model.trees.contributions.ROUTES", 20)
    assert (raw_outputs(case.ensemble, case.rows) == together).all()
    assert raw_outputs(case.ensemble, case.rows[:0]).shape == (0,)


def three_classes(rows: np.ndarray) -> np.ndarray:
    return np.arange(len(rows)) % 3


def linear_leaves(rows, classes):
    return lightgbm(rows, classes, linear_tree=True)


def lightgbm_of_three(rows, _):
    return lightgbm(rows, three_classes(rows))


def xgboost_linear(rows, classes):
    return xgboost(np.nan_to_num(rows), classes, booster="gblinear", max_depth=None)


def xgboost_of_three(rows, _):
    return xgboost(rows, three_classes(rows))


def catboost_of_categories(rows, classes):
    library = pytest.importorskip("catboost")
    values = np.nan_to_num(rows).astype(int)
    return library.CatBoostClassifier(**CATBOOST, cat_features=[1]).fit(values, classes)


def catboost_of_three(rows, _):
    return catboost(rows, three_classes(rows))


def catboost_of_another_loss(rows, classes):
    return catboost(rows, classes, loss_function="Focal:focal_alpha=0.5;focal_gamma=2")


def boosting_a_model(rows, classes):
    model = GradientBoostingClassifier(n_estimators=2, init=LogisticRegression())
    return model.fit(np.nan_to_num(rows), classes)


def boosting_a_draw(rows, classes):
    model = GradientBoostingClassifier(n_estimators=2, init=DummyClassifier(strategy="stratified"))
    return model.fit(np.nan_to_num(rows), classes)


def adaboost_of_bayes(rows, classes):
    return AdaBoostClassifier(GaussianNB(), n_estimators=2).fit(np.nan_to_num(rows), classes)


def sklearn_of_three(kind):
    def fit(rows, _):
        return kind.fit(np.nan_to_num(rows), three_classes(rows))

    return fit


def histogram_of_texts(rows, classes):
    values = np.nan_to_num(rows).astype(object)
    values[:, 1] = values[:, 1].astype(int).astype(str)
    return HistGradientBoostingClassifier(max_iter=2, categorical_features=[1]).fit(values, classes)


@pytest.mark.parametrize(("fit", "reason"), [
    (linear_leaves, "its leaves are linear functions"),
    (lightgbm_of_three, "it has more than two classes"),
    (xgboost_linear, "its booster is gblinear"),
    (xgboost_of_three, "its objective is multi:softprob"),
    (catboost_of_categories, "it has categories"),
    (catboost_of_three, "it has more than two classes"),
    (catboost_of_another_loss, "its loss is Focal"),
    (boosting_a_model, "it begins with a LogisticRegression"),
    (boosting_a_draw, "it begins with a DummyClassifier"),
    (adaboost_of_bayes, "it boosts a GaussianNB"),
    (sklearn_of_three(RandomForestClassifier(2)), "it has not two classes"),
    (sklearn_of_three(GradientBoostingClassifier(n_estimators=2)), "it has not two classes"),
    (sklearn_of_three(HistGradientBoostingClassifier(max_iter=2)), "it has not two classes"),
    (sklearn_of_three(AdaBoostClassifier(n_estimators=2)), "it has not two classes"),
    (histogram_of_texts, "its categories are not numbers"),
])  # fmt: skip
def test_an_ensemble_that_is_not_covered_is_named_in_the_log(fit, reason: str, caplog):
    model = fit(*clients(0))
    with pytest.raises(NotCovered, match=f"^{reason}$"):
        read_ensemble(model)
    with caplog.at_level(logging.INFO):
        assert ensemble_of(model) is None
    assert caplog.messages == [f"the trees of {type(model).__name__} are not read: {reason}"]


def test_other_classifiers_are_no_ensemble(caplog):
    rows, classes = clients(0)
    with caplog.at_level(logging.INFO):
        assert ensemble_of(LogisticRegression().fit(np.nan_to_num(rows), classes)) is None
    assert caplog.messages == []


def test_a_class_of_the_same_name_elsewhere_is_no_ensemble():
    class XGBClassifier: ...

    assert read_ensemble(XGBClassifier()) is None


def test_no_library_is_imported_for_another_ones_model():
    code = (
        "import sys, credit_scoring.model.trees.readers;"
        "print({'lightgbm', 'xgboost', 'catboost', 'imblearn', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_models_of_the_tests_have_what_they_are_named_for():
    rows, classes = clients(0)
    assert LGBMClassifier(**LIGHTGBM).fit(rows, classes).n_features_in_ == FEATURES
    light = fitted("xgboost light nodes").ensemble
    assert len(light.feature) > len(fitted("xgboost").ensemble.feature)
    assert XGBOOST["n_estimators"] == len(light.first_node) - 1
    assert np.isin(fitted("catboost").ensemble.share, [0, 1]).any()  # no row of training there
