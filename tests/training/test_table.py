"""A table of one's own."""

import json

import joblib
import numpy as np
import pytest

from credit_scoring import loading
from credit_scoring.files import ID, METADATA_FILE, MODEL_FILE, NEW_FILE, REFERENCE_FILE, TARGET
from tests.support.trainer import TABLES, a_bank, read, run


def test_the_clients_are_split_three_ways(bank):
    table, facts = a_bank(), json.loads((bank / METADATA_FILE).read_text())
    reference, new = read(bank, REFERENCE_FILE), read(bank, NEW_FILE)
    assert (len(reference), len(new)) == (180, 90)
    held_out = {*reference[ID], *new[ID]}
    assert len(held_out) == 270
    assert held_out < {*table[ID]}
    assert facts["training_clients"] == 630
    outcome = table.set_index(ID)[TARGET]
    assert list(outcome[reference[ID]]) == list(reference[TARGET])
    assert outcome[[*held_out]].mean() == pytest.approx(outcome.mean(), abs=1 / 270)


def test_held_out_clients_are_not_fitted_on(tmp_path, bank, monkeypatch):
    """Whatever their values and outcomes are, the model and the threshold stay the same."""
    table = a_bank()
    held_out = table[ID].isin([*read(bank, REFERENCE_FILE)[ID], *read(bank, NEW_FILE)[ID]])
    table.loc[held_out, "income"] = -1
    table.to_csv(tmp_path / "clients.csv")
    run(monkeypatch, "--data", tmp_path / "clients.csv", "--out", tmp_path)
    one, two = (joblib.load(folder / MODEL_FILE) for folder in (bank, tmp_path))
    features = a_bank(seed=1).drop(columns=[ID, TARGET])
    features[["is new", "is known"]] = features[["is new", "is known"]].astype(float)
    np.testing.assert_array_equal(one.predict_proba(features), two.predict_proba(features))
    one, two = (json.loads((folder / METADATA_FILE).read_text()) for folder in (bank, tmp_path))
    assert one["threshold"] == two["threshold"]
    assert one["quality"] != two["quality"]


def test_the_service_takes_a_table_of_texts_flags_and_gaps(bank):
    loaded = loading.load(bank)
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


def test_a_reference_file_is_itself_such_a_table(tmp_path, bank, monkeypatch):
    out = tmp_path / "out"
    sizes = ("--reference-clients", 40, "--new-clients", 20)
    run(monkeypatch, "--data", bank / REFERENCE_FILE, "--out", out, *sizes)
    assert list(read(out, REFERENCE_FILE)) == list(read(bank, REFERENCE_FILE))
    assert json.loads((out / METADATA_FILE).read_text())["training_clients"] == 120


def test_only_the_four_files_are_replaced(tmp_path, bank, monkeypatch):
    for file in ("notes.txt", MODEL_FILE):
        (tmp_path / file).write_text("mine")
    a_bank().to_csv(tmp_path / "clients.csv", index=False)
    run(monkeypatch, "--data", tmp_path / "clients.csv", "--out", tmp_path)
    made = {METADATA_FILE, MODEL_FILE, *TABLES}
    assert {file.name for file in tmp_path.iterdir()} == made | {"notes.txt", "clients.csv"}
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert [(tmp_path / f).read_bytes() for f in TABLES] == [
        (bank / f).read_bytes() for f in TABLES
    ]
