"""Classifiers of a bundle: LightGBM against shap, threads, and those without an exact method."""

from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import shap
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer

from credit_scoring.data.artifacts import MODEL_FILE, NEW_FILE, REFERENCE_FILE, TARGET
from credit_scoring.model.loader import load
from tests.credit_scoring.damage import fitted, model, refusal
from tests.support.bundles.artefacts import (
    NUMBERS,
)
from tests.support.bundles.folders import without_probabilities
from tests.support.servers.server import RESSOURCES


@pytest.mark.parametrize(
    ("classifier", "explained_by"),
    [
        (
            GradientBoostingClassifier(n_estimators=2, init=LogisticRegression(), random_state=0),
            "permutation",
        ),
        (CalibratedClassifierCV(RandomForestClassifier(8, random_state=0)), "treeshap"),
        (DummyClassifier(), "permutation"),
        (GaussianNB(), "additive"),
    ],
    ids=lambda classifier: type(classifier).__name__,
)
def test_every_classifier_is_served_and_explained(folder, classifier, explained_by: str):
    fitted(classifier)(folder)
    without_probabilities(folder.path)
    loaded = load(folder.path)
    pipeline = joblib.load(folder / MODEL_FILE)
    expected = pipeline.predict_proba(folder.read(NEW_FILE)[NUMBERS])[:, 1]
    assert loaded.classifier.explained_by == explained_by
    found = loaded.classifier.probabilities(loaded.transformed)
    assert np.abs(found - expected).max() <= loaded.classifier.tolerance
    explanation = loaded.explain(loaded.client_ids[0])
    raw = loaded.classifier.raw_outputs(loaded.transformed[:1])[0]
    assert explanation.base + sum(explanation.values) == pytest.approx(raw, abs=1e-9)


def test_a_classifier_of_categories_is_served_and_explained(folder):
    """shap reads such trees wrongly, and says nothing."""
    binned = make_pipeline(SimpleImputer(), KBinsDiscretizer(4, encode="ordinal"))
    fitted(HistGradientBoostingClassifier(max_iter=9, categorical_features=[0, 1]), binned)(folder)
    without_probabilities(folder.path)
    loaded = load(folder.path)
    values, base = loaded.classifier.contributions(loaded.transformed)
    expected = joblib.load(folder / MODEL_FILE).predict_proba(folder.read(NEW_FILE)[NUMBERS])[:, 1]
    np.testing.assert_allclose(expit(base + values.sum(axis=1)), expected, atol=1e-9)


def test_a_classifier_that_takes_no_missing_value_is_refused(folder):
    """It is a GradientBoostingClassifier behind a transformer that keeps missing values."""
    known = folder.read(REFERENCE_FILE)
    boosting = GradientBoostingClassifier(n_estimators=2).fit(
        known[NUMBERS].fillna(0), known[TARGET]
    )
    model(lambda: make_pipeline(FunctionTransformer(), boosting))(folder)
    problem = (
        f"{MODEL_FILE}: cannot score the clients of {NEW_FILE}:"
        " ValueError: Input X contains NaN. Gradient"
    )
    assert refusal(folder).startswith(problem)


def test_thresholds_of_every_kind_are_known(case):
    """Without split points curves would be searched step by step, and nobody would notice."""
    assert sum(map(len, case.bundle.classifier.split_points)) > 3


@pytest.mark.parametrize(
    "case", ["lightgbm", "no imputation", "lightgbm text sparse"], indirect=True
)
def test_contributions_are_those_of_shap(case):
    rows = case.transformed().to_numpy()
    explainer = shap.TreeExplainer(case.classifier)
    values = np.array([case.bundle.explain(client).values for client in case.bundle.client_ids])
    np.testing.assert_array_equal(values, explainer(rows).values)
    bases = {case.bundle.explain(client).base for client in case.bundle.client_ids}
    assert bases == {explainer.expected_value}


@pytest.mark.parametrize(
    "case", ["lightgbm", "forest", "gradient boosting", "histogram boosting text"], indirect=True
)
def test_threads_do_not_disturb_each_other(case):
    """Each of 12 threads gets the bits of one thread, for all clients from another one on."""

    def results(start: int) -> dict[int, tuple[bytes, float, float]]:
        ids = case.bundle.client_ids[start:] + case.bundle.client_ids[:start]
        explained = {}
        for client_id in ids:
            explanation = case.bundle.explain(client_id)
            prediction = case.predict(case.bundle.transformed_record(client_id))
            bits = explanation.values.tobytes()
            explained[client_id] = bits, explanation.base, prediction.probability
        return explained

    alone = results(0)
    with ThreadPoolExecutor(12) as threads:
        starts = [start % len(alone) for start in range(12)]
        assert list(threads.map(results, starts)) == [alone] * 12


def test_32_threads_explain_as_one_does():
    """Explanations of the shipped model take longer, and overlap."""
    loaded = load(RESSOURCES)
    ids = loaded.client_ids[:64]
    alone = [loaded.explain(client_id).values for client_id in ids]
    with ThreadPoolExecutor(32) as threads:
        together = list(threads.map(lambda n: loaded.explain(n).values, ids * 4))
    assert np.array_equal(np.array(together).reshape(4, *np.shape(alone)), [alone] * 4)
