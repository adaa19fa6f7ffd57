"""Every kind of classifier: its own probabilities, and contributions that add up to them."""

import pickle
import warnings

import numpy as np
import pytest
from scipy.special import expit

from credit_scoring.model.classifiers.choice import choose_classifier
from credit_scoring.model.classifiers.predict_proba import use_one_thread
from tests.credit_scoring.model.classifiers.fitted_classifiers import KINDS, clients, fitted

EXPLAINED = 40  # rows, where an explanation takes many scores


def wrapped(name: str, column: int = 1):
    classifier = choose_classifier(pickle.loads(fitted(name)), column)
    if classifier.needs_background:
        classifier = classifier.explained_against(clients(with_nan=KINDS[name].takes_nan)[0])
    return classifier


def rows_of(name: str) -> np.ndarray:
    return clients(with_nan=KINDS[name].takes_nan)[0]


@pytest.mark.parametrize("column", [1, 0])
@pytest.mark.parametrize("name", KINDS)
def test_probabilities_are_those_of_predict_proba(name: str, column: int):
    own, rows = pickle.loads(fitted(name)), rows_of(name)
    use_one_thread(own)
    classifier = wrapped(name, column)
    together = classifier.probabilities_together(rows)
    expected = own.predict_proba(rows)[:, column]
    some = slice(None) if classifier.is_alike else slice(EXPLAINED)
    # scikit-learn's own bits may depend on the company of a row: a client gets those of it alone.
    alone = [own.predict_proba(row[None])[0, column] for row in rows[some]]
    found = classifier.probabilities(rows[some])
    assert together.dtype == found.dtype == np.float64
    np.testing.assert_array_equal(found, alone)
    assert [classifier.probability(row) for row in rows[some]] == alone
    if classifier.is_alike:
        np.testing.assert_array_equal(together, alone)
        is_linear = classifier.explained_by == "linear"
        assert np.abs(together - expected).max() <= (1e-15 if is_linear else 0)
    else:
        np.testing.assert_array_equal(together, expected)
        assert np.abs(found - expected[some]).max() <= KINDS[name].last_bits
    assert len(np.unique(together)) >= 5


@pytest.mark.parametrize(
    ("name", "is_alike"),
    [("voting of trees", True), ("bagging of trees", True), ("voting", False), ("bagging", False)],
)
def test_a_mean_of_trees_scores_rows_alone_as_in_company(name: str, is_alike: bool):
    """`test_probabilities_are_those_of_predict_proba` holds then to the last bit."""
    assert wrapped(name, 1).is_alike == is_alike


@pytest.mark.parametrize("column", [1, 0])
@pytest.mark.parametrize("name", KINDS)
def test_contributions_add_up(name: str, column: int):
    kind, rows = KINDS[name], rows_of(name)
    rows = rows[:EXPLAINED] if kind.explained_by == "permutation" else rows
    classifier = wrapped(name, column)
    values, base = classifier.contributions(rows)
    raw, probabilities = classifier.raw_outputs(rows), classifier.probabilities(rows)
    assert (classifier.explained_by, classifier.raw_output) == (kind.explained_by, kind.raw_output)
    assert values.shape == rows.shape
    assert values.flags.c_contiguous
    tolerance = classifier.tolerance * (1 + np.abs(raw).max())
    assert np.abs(base + values.sum(axis=1) - raw).max() <= tolerance
    if kind.raw_output == "log-odds":
        assert np.abs(expit(raw) - probabilities).max() <= classifier.tolerance
    elif kind.raw_output == "probability":
        assert np.abs(raw - probabilities).max() <= classifier.tolerance
    else:  # a calibrated probability rises with the margin
        assert np.corrcoef(raw, probabilities)[0, 1] > 0.7
        if "folds" not in name:
            assert (np.diff(probabilities[np.argsort(raw)]) >= -1e-7).all()
    assert (values.std(axis=0) > 1e-4).sum() >= 2  # an answer for all clients would have none


EXACT = [name for name, kind in KINDS.items() if kind.explained_by != "permutation"]


@pytest.mark.parametrize("name", EXACT)
def test_contributions_to_the_other_class_are_opposite(name: str):
    rows = rows_of(name)
    one, base = wrapped(name, 1).contributions(rows)
    other, other_base = wrapped(name, 0).contributions(rows)
    np.testing.assert_allclose(one, -other, atol=1e-12)
    of_probabilities = wrapped(name).trees is not None and base > 0 and other_base > 0
    assert base + other_base == pytest.approx(1 if of_probabilities else 0, abs=1e-12)


@pytest.mark.parametrize("name", EXACT)
def test_a_row_is_explained_alone_as_among_others(name: str):
    classifier, rows = wrapped(name), rows_of(name)[:30]
    together = classifier.contributions(rows)[0]
    alone = [classifier.contributions(row[None])[0][0] for row in rows]
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("name", [name for name in KINDS if KINDS[name].raw_output != "margin"])
def test_scores_change_at_split_points_only(name: str):
    classifier, rows = wrapped(name), rows_of(name)
    points = classifier.split_points
    assert (points is None) == (classifier.trees is None)
    if points is None:
        return
    feature = int(np.argmax([len(at) for at in points]))
    inside = points[feature][np.abs(points[feature]) < classifier.largest]
    values = np.sort(np.concatenate([inside, np.nextafter(inside, np.inf), np.linspace(-3, 3, 40)]))
    changes = 0
    for row in rows[:5]:
        moved = np.tile(row, (len(values), 1))
        moved[:, feature] = values
        changed = np.diff(classifier.probabilities(moved)) != 0
        between = np.searchsorted(points[feature], values)
        assert (np.diff(between) > 0)[changed].all()
        changes += changed.sum()
    assert changes >= 5


@pytest.mark.parametrize("name", [
    "forest", "logistic", "naive bayes", "voting", "histogram boosting", "calibrated folds",
    "histogram boosting categories", "catboost", "xgboost", "lightgbm",
])  # fmt: skip
def test_a_classifier_fitted_on_a_table_takes_rows_without_a_warning(name: str):
    pandas = pytest.importorskip("pandas")
    rows, classes = clients(with_nan=False)
    table = pandas.DataFrame(rows, columns=[f"feature {at}" for at in range(rows.shape[1])])
    own = pickle.loads(pickle.dumps(KINDS[name].make().fit(table, classes)))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        classifier = choose_classifier(own)
        if classifier.needs_background:
            classifier = classifier.explained_against(rows)
        found = classifier.probabilities(rows)
        classifier.contributions(rows[:2])
    # The bits of naive Bayes depend on the memory layout, which is a table's own.
    assert np.abs(found - own.predict_proba(table)[:, 1]).max() <= 1e-14


def test_estimators_inside_use_one_thread():
    voting = pickle.loads(fitted("voting"))
    assert voting.n_jobs == voting.estimators_[0].n_jobs == 2
    choose_classifier(voting)
    assert voting.n_jobs == voting.estimators_[0].n_jobs == 1


def test_an_xgboost_with_early_stopping_is_scored_by_its_best_iteration():
    xgboost = pytest.importorskip("xgboost")
    rows, classes = clients(with_nan=True)
    own = xgboost.XGBClassifier(n_estimators=200, early_stopping_rounds=3, learning_rate=0.5)
    own.fit(rows[:200], classes[:200], eval_set=[(rows[200:], classes[200:])], verbose=False)
    own = pickle.loads(pickle.dumps(own))
    assert own.best_iteration + 1 < own.get_booster().num_boosted_rounds()
    classifier = choose_classifier(own)
    np.testing.assert_array_equal(classifier.probabilities(rows), own.predict_proba(rows)[:, 1])
    values, base = classifier.contributions(rows)
    raw = own.predict(rows, output_margin=True)
    np.testing.assert_allclose(base + values.sum(axis=1), raw, atol=1e-5)
    assert classifier.explained_by == "treeshap"
    assert classifier.tolerance == 1e-6
