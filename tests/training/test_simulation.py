"""The simulated population."""

import joblib
import numpy as np
import pandas as pd

import train
from credit_scoring.files import ID, MODEL_FILE, NEW_FILE
from tests.support.trainer import TABLES, read, run
from training import fitting, simulation


def test_the_wide_population_has_home_credits_347_features():
    wide, usual = simulation.simulate(300, 5, wide=True), simulation.simulate(300, 5)
    assert wide.shape == (300, 349)
    assert {*usual} < {*wide}


def test_aggregates_are_those_of_the_children():
    children = pd.DataFrame(
        {"client": [0, 2, 2], "AMT": [5.0, 1.0, 2.0], "KIND": ["x: y", "x: y", "z"]}
    )
    table = simulation.aggregate(
        children, "bureau", {"mean | sum": "AMT", "count count_norm": "KIND_x: y"}, wide=True
    )
    assert table.to_dict("list") == {
        "bureau_AMT_mean": [5.0, 1.5],
        "bureau_AMT_sum": [5.0, 3.0],
        "bureau_KIND_x: y_count": [1, 1],
        "bureau_KIND_x: y_count_norm": [1.0, 0.5],
    }
    assert list(table.index) == [0, 2]


def test_a_run_of_months_is_that_of_its_rows():
    rows = np.arange(-7, -2)
    assert simulation.month_run(np.array([-7]), np.array([5]), "M") == {
        "M_count": 5, "M_mean": rows.mean(), "M_max": -3, "M_min": -7, "M_sum": rows.sum(),
    }  # fmt: skip


def test_a_seed_gives_the_same_files_and_another_seed_others(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "SIMULATED_TRAINING_CLIENTS", 1500)
    monkeypatch.setattr(simulation, "CLIENTS_AT_ONCE", 700)
    monkeypatch.setattr(fitting, "TREES", range(10, 31, 10))
    probabilities, tables = {}, {}
    for out, seed in (("one", 3), ("two", 3), ("three", 4)):
        sizes = ("--reference-clients", 300, "--new-clients", 100)
        run(monkeypatch, "--seed", seed, "--out", tmp_path / out, *sizes)
        new = read(tmp_path / out, NEW_FILE)
        model = joblib.load(tmp_path / out / MODEL_FILE)
        probabilities[out] = model.predict_proba(new.drop(columns=ID))[:, 1]
        tables[out] = [(tmp_path / out / file).read_bytes() for file in TABLES]
    assert tables["one"] == tables["two"]
    np.testing.assert_array_equal(probabilities["one"], probabilities["two"])
    assert tables["one"][0] != tables["three"][0]
    assert tables["one"][1] != tables["three"][1]
