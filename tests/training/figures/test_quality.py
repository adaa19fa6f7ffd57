"""The figures that are reported."""

import json

import numpy as np
import pandas as pd
import pytest

from credit_scoring.data.artifacts import (
    ID,
    METADATA_FILE,
    NEW_FILE,
    PROBA,
    REFERENCE_FILE,
    TARGET,
)
from tests.training.bank import a_bank, model_of, read, scored
from training.quality import auc_interval


def test_the_auc_interval_is_delongs():
    """Against DeLong's definition: the share of pairs ranked right, client by client."""
    target, probability = scored(clients=150, decimals=1)
    bad, good = probability[target == 1], probability[target == 0]
    pairs = np.array([[1.0 if b > g else 0.5 if b == g else 0.0 for g in good] for b in bad])
    by_bad, by_good = pairs.mean(axis=1), pairs.mean(axis=0)
    error = np.sqrt(by_bad.var(ddof=1) / len(bad) + by_good.var(ddof=1) / len(good))
    expected = (pairs.mean(), pairs.mean() - 1.959964 * error, pairs.mean() + 1.959964 * error)
    assert auc_interval(target, probability) == pytest.approx(expected, abs=1e-6)


def test_the_auc_interval_stays_within_0_and_1():
    assert auc_interval(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4])) == (1, 1, 1)
    low, high = auc_interval(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.9]))[1:]
    assert (low >= 0, high) == (True, 1)


def test_reported_quality_is_that_of_the_held_out_clients(bank_folder):
    table, model = a_bank(), model_of(bank_folder)
    metadata = json.loads((bank_folder / METADATA_FILE).read_text())
    features = pd.concat([read(bank_folder, REFERENCE_FILE), read(bank_folder, NEW_FILE)])
    target = table.set_index(ID)[TARGET][features[ID]].to_numpy()
    probability = model.predict_proba(features.drop(columns=[ID, TARGET, PROBA]))[:, 1]
    refused = probability >= metadata["threshold"]
    quality = metadata["quality"]
    cost = (10 * (target[~refused] == 1).sum() + (target[refused] == 0).sum()) / len(target)
    assert quality["cost_per_client"] == round(cost, 4)
    assert quality["cost_per_client_accepting_all"] == round(10 * target.mean(), 4)
    assert quality["default_rate"] == round(target.mean(), 4)
    auc = np.mean(probability[target == 1][:, None] > probability[target == 0])
    assert quality["auc"] == pytest.approx(auc, abs=0.002)
