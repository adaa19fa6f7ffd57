"""optbinning's scorecard: its binning and its linear classifier, one after the other."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.errors import BadFile
from credit_scoring.model.classifiers.choice import choose_classifier
from credit_scoring.model.containers.scorecard import is_scorecard, split_scorecard

optbinning = pytest.importorskip("optbinning")
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")  # optbinning's fit


def applicants() -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "income": random.normal(size=600),
            "debt": random.normal(size=600),
            "housing": random.choice(["flat", "house", "with parents"], 600),
            "age": random.normal(size=600),
        }
    )
    risk = table["income"] + (table["housing"] == "flat") + random.normal(size=600)
    table.loc[::7, "debt"] = np.nan
    table.loc[::11, "age"] = -999
    table.loc[::13, "housing"] = None
    return table, (risk > 0.7).astype(int).to_numpy()


def scorecard(metric: float | str = 0, **options: object):
    binning = optbinning.BinningProcess(
        variable_names=["income", "debt", "housing", "age"],
        categorical_variables=["housing"],
        special_codes=[-999],
    )
    made = optbinning.Scorecard(binning, LogisticRegression(), **options)
    made.fit(*applicants(), metric_special=metric, metric_missing=metric)
    return pickle.loads(pickle.dumps(made))


@pytest.fixture(scope="module", params=[0, "empirical", 0.3])
def fitted_scorecard(request: pytest.FixtureRequest) -> optbinning.Scorecard:
    """A scorecard with each metric of special and missing values."""
    return scorecard(request.param)


def test_a_scorecard_is_told_from_its_estimator(fitted_scorecard: optbinning.Scorecard):
    assert is_scorecard(fitted_scorecard)
    assert not is_scorecard(fitted_scorecard.estimator_)


def test_the_binning_takes_and_names_the_features(fitted_scorecard: optbinning.Scorecard):
    binning, _ = split_scorecard(fitted_scorecard)
    assert binning.feature_names_in_ == ["income", "debt", "housing", "age"]
    assert binning.n_features_in_ == 4
    woe = binning.transform(applicants()[0])
    assert list(woe.columns) == binning.get_feature_names_out() == binning.feature_names_in_


def test_the_parts_give_the_bits_of_the_scorecard(fitted_scorecard: optbinning.Scorecard):
    table, _ = applicants()
    binning, linear = split_scorecard(fitted_scorecard)
    expected = fitted_scorecard.predict_proba(table)
    np.testing.assert_array_equal(linear.predict_proba(binning.transform(table)), expected)


def test_a_row_alone_is_binned_as_among_others(fitted_scorecard: optbinning.Scorecard):
    table, _ = applicants()
    binning, _ = split_scorecard(fitted_scorecard)
    alone = pd.concat([binning.transform(table.iloc[at : at + 1]) for at in range(30)])
    np.testing.assert_array_equal(alone, binning.transform(table)[:30])


def test_the_classifier_has_the_probabilities_of_the_scorecard(
    fitted_scorecard: optbinning.Scorecard,
):
    table, _ = applicants()
    binning, linear = split_scorecard(fitted_scorecard)
    expected = fitted_scorecard.predict_proba(table)
    found = choose_classifier(linear).probabilities(np.ascontiguousarray(binning.transform(table)))
    assert np.abs(found - expected[:, 1]).max() <= 1e-15
    assert len(np.unique(found)) > 20


def test_contributions_are_points():
    """Points without scaling are weights of evidence times coefficients."""
    table, _ = applicants()
    made = scorecard("empirical")
    binning, linear = split_scorecard(made)
    woe = binning.transform(table).to_numpy()
    values, base = choose_classifier(linear).explained_against(woe).contributions(woe)
    points = made.transform(table).to_numpy()
    np.testing.assert_allclose(values, points - points.mean(axis=0), atol=1e-9)
    log_odds = made.decision_function(table)
    np.testing.assert_allclose(base + values.sum(axis=1), log_odds, atol=1e-9)
    assert np.abs(values).max() > 0.5


def test_a_scorecard_without_probabilities_is_refused():
    made = scorecard()
    made.estimator_ = BaseEstimator()
    with pytest.raises(BadFile) as refusal:
        split_scorecard(made)
    assert str(refusal.value) == (
        f"{MODEL_FILE}: its Scorecard is one of a BaseEstimator, which has no predict_proba: fit it"
        " with a LogisticRegression"
    )


def test_an_unfitted_scorecard_is_refused():
    made = optbinning.Scorecard(optbinning.BinningProcess(["income"]), LogisticRegression())
    with pytest.raises(BadFile) as refusal:
        split_scorecard(made)
    assert str(refusal.value) == f"{MODEL_FILE}: its Scorecard is not fitted"
