"""Probabilities of default and grades: against other ways of computing them."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import StratifiedKFold

from credit_scoring.data.artifacts import (
    ID,
    METADATA_FILE,
    NEW_FILE,
    REFERENCE_FILE,
    TARGET,
)
from credit_scoring.model.scorecard import Scorecard
from tests.training.bank import a_bank, model_of, read, scored
from training.calibration import calibrate, calibrated, calibration_figures, grades
from training.fitting import THRESHOLDS, fit, unfitted
from training.quality import costs
from training.table import read_labelled_table, split


def platt(target, probability):
    """Slope and offset of least cross-entropy to Platt's targets."""
    bad, good = (target == 1).sum(), (target == 0).sum()
    soft = np.where(target == 1, (bad + 1) / (bad + 2), 1 / (good + 2))
    score = logit(probability)

    def entropy(line):
        z = line[0] * score + line[1]
        return np.mean(np.logaddexp(0, z) - soft * z)

    return minimize(entropy, [1, 0], method="BFGS", options={"gtol": 1e-9}).x


@pytest.mark.parametrize("seed", range(3))
def test_the_calibration_is_platts(seed):
    target, probability = scored(seed=seed, decimals=9)
    line = calibrate(target, probability)
    slope, offset = platt(target, probability)
    assert line == {
        "slope": pytest.approx(slope, rel=1e-4),
        "offset": pytest.approx(offset, rel=1e-4),
    }
    pd_ = calibrated(probability, line)
    np.testing.assert_allclose(pd_, expit(slope * logit(probability) + offset), rtol=1e-3)
    scale = Scorecard.of_metadata({"calibration": line})
    assert [scale.pd(x) for x in logit(probability[:5])] == pd_[:5].tolist()


def test_clients_whom_the_score_separates_have_a_finite_line():
    target, probability = np.array([0] * 12 + [1] * 12), np.linspace(0.1, 0.9, 24)
    line = calibrate(target, probability)
    assert 1 < line["slope"] < 20
    assert line["slope"] == pytest.approx(platt(target, probability)[0], rel=1e-4)


def test_a_score_that_ranks_the_wrong_way_has_no_calibration():
    target, probability = scored(decimals=9)
    assert calibrate(1 - target, probability) is None


def test_grades_hold_the_shares_of_clients_that_they_shall():
    pd_ = np.random.default_rng(0).beta(1, 12, 40_000)
    found = grades(pd_)
    assert [grade["grade"] for grade in found] == [*"ABCDEF"]
    scale = Scorecard.of_metadata({"grades": found})
    given = pd.Series([scale.grade(p) for p in pd_]).value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(given, [0.2, 0.2, 0.2, 0.2, 0.15, 0.05], atol=0.002)
    assert all(grade["pd"] == float(f"{grade['pd']:.3g}") for grade in found[:-1])


def test_grades_of_the_same_bound_are_one():
    assert grades(np.repeat([0.01, 0.3], [90, 10])) == [
        {"grade": "A", "pd": 0.01},
        {"grade": "B", "pd": 0.3},
        {"grade": "C"},
    ]


def test_figures_are_those_of_pandas_and_scikit_learn():
    target, probability = scored(clients=403, decimals=9)
    figures = calibration_figures(target, probability)
    assert figures["brier"] == round(brier_score_loss(target, probability), 4)
    constant = np.full(403, target.mean())
    assert figures["brier_of_default_rate"] == round(brier_score_loss(target, constant), 4)
    rank = np.argsort(np.argsort(probability))
    # The first three bins have a client more than the others.
    bins = np.searchsorted([41, 82, 123, *range(163, 403, 40)], rank, side="right")
    expected = pd.DataFrame({"p": probability, "t": target}).groupby(bins).mean()
    assert [entry["clients"] for entry in figures["bins"]] == [41] * 3 + [40] * 7
    assert [entry["mean_pd"] for entry in figures["bins"]] == [*expected["p"].round(4)]
    assert [entry["default_rate"] for entry in figures["bins"]] == [*expected["t"].round(4)]


def test_what_is_chosen_comes_from_scores_by_models_fitted_on_others(bank_folder):
    """Threshold, calibration and grades of the command come from scores out of fold."""
    metadata = json.loads((bank_folder / METADATA_FILE).read_text())
    table = read_labelled_table(bank_folder.parent / "clients.csv").drop(columns="district")
    training = split(table, 180, 90, 42, "").training
    target, features = training[TARGET].to_numpy(), training.drop(columns=[ID, TARGET])
    pipeline = unfitted(features, 42).set_params(classifier__n_estimators=metadata["trees"])
    out_of_fold = np.empty(len(training))
    folds = StratifiedKFold(5, shuffle=True, random_state=42)
    for fitted, scored_ in folds.split(features, target):
        model = fit(pipeline, training.iloc[fitted])
        out_of_fold[scored_] = model.predict_proba(features.iloc[scored_])[:, 1]

    def threshold(probability):
        return THRESHOLDS[costs(target, probability, THRESHOLDS).argmin()]

    in_sample = model_of(bank_folder).predict_proba(features)[:, 1]
    assert metadata["threshold"] == threshold(out_of_fold) != threshold(in_sample)
    slope, offset = platt(target, out_of_fold)
    line = metadata["calibration"]
    assert line["slope"] == pytest.approx(slope, rel=1e-4)
    assert line["slope"] != pytest.approx(platt(target, in_sample)[0], rel=0.1)
    bounds = np.quantile(expit(slope * logit(out_of_fold) + offset), [0.2, 0.4, 0.6, 0.8, 0.95])
    assert [grade["pd"] for grade in metadata["grades"][:-1]] == pytest.approx(bounds, rel=0.006)
    assert metadata["grades"][-1] == {"grade": "F"}
    assert metadata["scale"] == {"points": 600, "odds": 19, "double": 50}


def test_scores_that_do_not_rank_give_no_calibration_and_no_grades(second_training):
    """Models that were fitted on 120 clients learn nothing."""
    folder, printed = second_training
    metadata = json.loads((folder / METADATA_FILE).read_text())
    assert not {"calibration", "scale", "grades"} & metadata.keys()
    assert not {"brier", "bins"} & metadata["quality"].keys()
    assert "Brier      none: scores out of fold do not rank the training clients" in printed


def test_the_figures_are_those_of_the_held_out_clients(bank_folder):
    metadata = json.loads((bank_folder / METADATA_FILE).read_text())
    held_out = pd.concat([read(bank_folder, REFERENCE_FILE), read(bank_folder, NEW_FILE)])
    target = a_bank().set_index(ID)[TARGET][held_out[ID]].to_numpy()
    score = model_of(bank_folder).predict_proba(held_out)[:, 1]
    scale = Scorecard.of_metadata(metadata)
    pd_ = np.array([scale.pd(log_odds) for log_odds in logit(score)])
    quality = metadata["quality"]
    assert quality["brier"] == pytest.approx(brier_score_loss(target, pd_), abs=6e-5)
    assert quality["brier"] < quality["brier_of_default_rate"]
    assert [entry["clients"] for entry in quality["bins"]] == [27] * 10
    best = np.argsort(pd_)[:27]
    assert quality["bins"][0]["mean_pd"] == pytest.approx(pd_[best].mean(), abs=6e-5)
    assert quality["bins"][0]["default_rate"] == round(target[best].mean(), 4)
