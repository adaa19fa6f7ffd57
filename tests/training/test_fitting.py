"""The pipeline: what it is fitted on, what it takes, and the threshold that is chosen."""

import json

import joblib
import numpy as np
import pytest

import scoring
from scoring import FACTS_FILE as METADATA_FILE
from scoring import ID, MODEL_FILE, NEW_FILE, REFERENCE_FILE, TARGET
from tests.support.bank import a_bank, read, run, scored
from training.fitting import THRESHOLDS, cheapest_threshold
from training.quality import costs


def test_held_out_clients_are_not_fitted_on(tmp_path, bank):
    """Whatever their values and outcomes are, the model and the threshold stay the same."""
    table = a_bank()
    held_out = table[ID].isin([*read(bank, REFERENCE_FILE)[ID], *read(bank, NEW_FILE)[ID]])
    table.loc[held_out, "income"] = -1
    table.to_csv(tmp_path / "clients.csv")
    run("--data", tmp_path / "clients.csv", "--out", tmp_path)
    one, two = (joblib.load(folder / MODEL_FILE) for folder in (bank, tmp_path))
    features = a_bank(seed=1).drop(columns=[ID, TARGET])
    features[["is new", "is known"]] = features[["is new", "is known"]].astype(float)
    np.testing.assert_array_equal(one.predict_proba(features), two.predict_proba(features))
    one, two = (json.loads((folder / METADATA_FILE).read_text()) for folder in (bank, tmp_path))
    assert one["threshold"] == two["threshold"]
    assert one["quality"] != two["quality"]


def test_the_service_takes_a_table_of_texts_flags_and_gaps(bank):
    loaded = scoring.load(bank)
    assert loaded.features == tuple(a_bank().columns.drop([ID, TARGET]))
    new, table = read(bank, NEW_FILE), a_bank().set_index(ID)
    for client, row in new.set_index(ID).iterrows():
        assert row["is new"] == table.loc[client, "is new"]
        assert row["income"] == table.loc[client, "income"]
    assert new["empty"].isna().all()
    assert {"housing_own", "housing_missing", "town_infrequent_sklearn"} < {*loaded.names}
    assert len({*loaded.names}) == len(loaded.names)


def test_an_unseen_category_is_scored(bank):
    new = read(bank, NEW_FILE).drop(columns=ID).head(2)
    new.loc[:, ["housing", "town"]] = [["a boat", "nowhere"], [np.nan, np.nan]]
    probability = joblib.load(bank / MODEL_FILE).predict_proba(new)[:, 1]
    assert ((probability > 0) & (probability < 1)).all()


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
