"""The figures that the trainer reports."""

import json

import joblib
import numpy as np
import pandas as pd
import pytest

from credit_scoring.files import (
    ID,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    PROBA,
    REFERENCE_FILE,
    TARGET,
)
from tests.support.trainer import a_bank, read
from training import quality


def scored(clients=400, seed=0, decimals=2):
    """Outcomes, and probabilities that know something of them, with ties."""
    rng = np.random.default_rng(seed)
    target = (rng.random(clients) < 0.15).astype(int)
    return target, (0.3 * target + 0.7 * rng.random(clients)).round(decimals)


@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_is_the_cheapest_of_all(seed):
    target, probability = scored(seed=seed)

    def cost(threshold):
        total = 0
        for outcome, p in zip(target.tolist(), probability.tolist(), strict=True):
            refused = p >= threshold
            total += 10 if outcome == 1 and not refused else 1 if outcome == 0 and refused else 0
        return total / len(target)

    by_threshold = {step / 1000: cost(step / 1000) for step in range(1001)}
    cheapest = min(by_threshold.values())
    chosen = quality.cheapest_threshold(target, probability)
    assert chosen == next(t for t, mean in by_threshold.items() if mean == cheapest)
    np.testing.assert_allclose(
        quality.costs(target, probability, quality.THRESHOLDS), [*by_threshold.values()], rtol=1e-12
    )


def test_the_auc_interval_is_delongs():
    """Against DeLong's definition: the share of pairs ranked right, client by client."""
    target, probability = scored(clients=150, decimals=1)
    bad, good = probability[target == 1], probability[target == 0]
    pairs = np.array([[1.0 if b > g else 0.5 if b == g else 0.0 for g in good] for b in bad])
    by_bad, by_good = pairs.mean(axis=1), pairs.mean(axis=0)
    error = np.sqrt(by_bad.var(ddof=1) / len(bad) + by_good.var(ddof=1) / len(good))
    expected = (pairs.mean(), pairs.mean() - 1.959964 * error, pairs.mean() + 1.959964 * error)
    assert quality.auc_interval(target, probability) == pytest.approx(expected, abs=1e-6)


def test_the_auc_interval_stays_within_0_and_1():
    assert quality.auc_interval(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4])) == (1, 1, 1)
    low, high = quality.auc_interval(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.9]))[1:]
    assert (low >= 0, high) == (True, 1)


def test_reported_quality_is_that_of_the_held_out_clients(bank):
    table, model = a_bank(), joblib.load(bank / MODEL_FILE)
    facts = json.loads((bank / METADATA_FILE).read_text())
    features = pd.concat([read(bank, REFERENCE_FILE), read(bank, NEW_FILE)])
    target = table.set_index(ID)[TARGET][features[ID]].to_numpy()
    probability = model.predict_proba(features.drop(columns=[ID, TARGET, PROBA]))[:, 1]
    refused = probability >= facts["threshold"]
    quality = facts["quality"]
    cost = (10 * (target[~refused] == 1).sum() + (target[refused] == 0).sum()) / len(target)
    assert quality["cost_per_client"] == round(cost, 4)
    assert quality["cost_per_client_accepting_all"] == round(10 * target.mean(), 4)
    assert quality["default_rate"] == round(target.mean(), 4)
    auc = np.mean(probability[target == 1][:, None] > probability[target == 0])
    assert quality["auc"] == pytest.approx(auc, abs=0.002)
