"""The pipeline: what it is fitted on, what it takes, and the threshold that is chosen."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from credit_scoring.data.artifacts import (
    ID,
    METADATA_FILE,
    NEW_FILE,
    PROBA,
    REFERENCE_FILE,
    TARGET,
)
from credit_scoring.model.loader import load
from tests.training.bank import a_bank, model_of, read, run, scored
from training import fitting
from training.fitting import THRESHOLDS, cheapest_threshold, cross_validate, fit, unfitted
from training.quality import costs


def test_held_out_clients_are_not_fitted_on(tmp_path, bank_folder):
    """Whatever their values and outcomes are, the model and the threshold stay the same."""
    table = a_bank()
    held_out = table[ID].isin(
        [*read(bank_folder, REFERENCE_FILE)[ID], *read(bank_folder, NEW_FILE)[ID]]
    )
    table.loc[held_out, "income"] = -1
    table.to_csv(tmp_path / "clients.csv")
    run("--data", tmp_path / "clients.csv", "--out", tmp_path)
    for file in (REFERENCE_FILE, NEW_FILE):
        one, two = (read(folder, file) for folder in (bank_folder, tmp_path))
        pd.testing.assert_frame_equal(
            one.assign(income=-1).drop(columns=PROBA, errors="ignore"),
            two.drop(columns=PROBA, errors="ignore"),
        )
    one, two = (model_of(folder) for folder in (bank_folder, tmp_path))
    features = a_bank(seed=1).drop(columns=[ID, TARGET])
    features[["is new", "is known"]] = features[["is new", "is known"]].astype(float)
    np.testing.assert_array_equal(one.predict_proba(features), two.predict_proba(features))
    one, two = (
        json.loads((folder / METADATA_FILE).read_text()) for folder in (bank_folder, tmp_path)
    )
    assert one["threshold"] == two["threshold"]
    assert one["quality"] != two["quality"]


def test_the_service_takes_a_table_of_texts_flags_and_gaps(bank_folder):
    loaded = load(bank_folder)
    assert loaded.features == tuple(a_bank().columns.drop([ID, TARGET]))
    new, table = read(bank_folder, NEW_FILE), a_bank().set_index(ID)
    for client, row in new.set_index(ID).iterrows():
        assert row["is new"] == table.loc[client, "is new"]
        assert row["income"] == table.loc[client, "income"]
    assert new["empty"].isna().all()
    assert {"housing_own", "housing_missing", "town_infrequent_sklearn"} < {*loaded.names}
    assert len({*loaded.names}) == len(loaded.names)


def test_an_unseen_category_is_scored(bank_folder):
    new = read(bank_folder, NEW_FILE).drop(columns=ID).head(2)
    new.loc[:, ["housing", "town"]] = [["a boat", "nowhere"], [np.nan, np.nan]]
    probability = model_of(bank_folder).predict_proba(new)[:, 1]
    assert ((probability > 0) & (probability < 1)).all()


def a_table_of_numbers():
    """Clients of whose outcome feature `a` knows something, and `b` and `c` nothing."""
    target, probability = scored()
    rng = np.random.default_rng(0)
    noise = {name: rng.standard_normal(len(target)) for name in ("b", "c")}
    return pd.DataFrame({ID: range(len(target)), TARGET: target, "a": probability, **noise})


def test_the_number_of_threads_changes_no_prediction(monkeypatch):
    monkeypatch.setattr(fitting, "TREES", range(5, 11, 5))
    table = a_table_of_numbers()
    features = table[["a", "b", "c"]]
    predictions = []
    for jobs in (1, 2):
        monkeypatch.setattr(fitting, "JOBS", jobs)
        pipeline = fit(unfitted(features, seed=0), table)
        assert pipeline[-1].n_jobs == jobs
        predictions.append(pipeline.predict_proba(features))
    np.testing.assert_array_equal(*predictions)
    assert len({*predictions[0][:, 1]}) > 10


def test_the_number_of_trees_is_the_one_that_ranks_best(monkeypatch):
    """Against a model of its own for each fold and each number of trees."""
    monkeypatch.setattr(fitting, "TREES", range(20, 51, 10))
    table = a_table_of_numbers()
    features = table[["a", "b", "c"]]
    pipeline = unfitted(features, seed=0)
    probabilities = {trees: np.empty(len(table)) for trees in fitting.TREES}
    for trees, probability in probabilities.items():
        for fitted, checked in StratifiedKFold(5, shuffle=True, random_state=0).split(
            table, table[TARGET]
        ):
            smaller = fit(pipeline.set_params(classifier__n_estimators=trees), table.iloc[fitted])
            probability[checked] = smaller.predict_proba(features.iloc[checked])[:, 1]
    ranked = {t: roc_auc_score(table[TARGET], p) for t, p in probabilities.items()}
    chosen, out_of_fold = cross_validate(unfitted(features, seed=0), table, seed=0)
    assert ranked[chosen] == max(ranked.values())
    assert chosen not in (20, 50)  # neither the first nor the last
    np.testing.assert_array_equal(out_of_fold, probabilities[chosen])


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
    chosen = cheapest_threshold(target, probability)
    assert chosen == next(t for t, mean in by_threshold.items() if mean == cheapest)
    np.testing.assert_allclose(
        costs(target, probability, THRESHOLDS), [*by_threshold.values()], rtol=1e-12
    )
