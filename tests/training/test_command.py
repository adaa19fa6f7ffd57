"""The command: its options, the files that it makes, and the line with which it refuses."""

import re

import joblib
import numpy as np
import pytest

import train
from scoring import FACTS_FILE as METADATA_FILE
from scoring import ID, MODEL_FILE, NEW_FILE, REFERENCE_FILE
from tests.support.bank import a_bank, read, refusal, run
from training import fitting, simulation

TABLES = (REFERENCE_FILE, NEW_FILE)


def test_a_seed_gives_the_same_files_and_another_seed_others(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "SIMULATED_TRAINING_CLIENTS", 1500)
    monkeypatch.setattr(simulation, "CLIENTS_AT_ONCE", 700)
    monkeypatch.setattr(fitting, "TREES", range(10, 31, 10))
    probabilities, tables = {}, {}
    for out, seed in (("one", 3), ("two", 3), ("three", 4)):
        sizes = ("--reference-clients", 300, "--new-clients", 100)
        run("--seed", seed, "--out", tmp_path / out, *sizes)
        new = read(tmp_path / out, NEW_FILE)
        model = joblib.load(tmp_path / out / MODEL_FILE)
        probabilities[out] = model.predict_proba(new.drop(columns=ID))[:, 1]
        tables[out] = [(tmp_path / out / file).read_bytes() for file in TABLES]
    assert tables["one"] == tables["two"]
    np.testing.assert_array_equal(probabilities["one"], probabilities["two"])
    assert tables["one"][0] != tables["three"][0]
    assert tables["one"][1] != tables["three"][1]


def test_only_the_four_files_are_replaced(tmp_path, bank):
    for file in ("notes.txt", MODEL_FILE):
        (tmp_path / file).write_text("mine")
    a_bank().to_csv(tmp_path / "clients.csv", index=False)
    run("--data", tmp_path / "clients.csv", "--out", tmp_path)
    made = {METADATA_FILE, MODEL_FILE, *TABLES}
    assert {file.name for file in tmp_path.iterdir()} == made | {"notes.txt", "clients.csv"}
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert [(tmp_path / f).read_bytes() for f in TABLES] == [
        (bank / f).read_bytes() for f in TABLES
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--new-clients", "-3"], "argument --new-clients: -3 is not a whole number from 1 to"),
        (["--reference-clients", "0"], "argument --reference-clients: 0 is not a whole number"),
        (["--seed", "x"], "argument --seed: x is not a whole number from 0 to 4294967295"),
        (["--data", "a.csv", "--wide"], "argument --wide: not allowed with argument --data"),
        (["--sizes", "3"], "unrecognized arguments: --sizes 3"),
    ],
)
def test_an_option_that_will_not_do_is_refused(options, message, capsys):
    assert refusal(capsys, *options).startswith(f"train.py: {message}")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, capsys):
    a_bank().to_csv(tmp_path / "clients.csv")
    options = ("--data", tmp_path / "clients.csv", "--out", tmp_path / "clients.csv")
    assert re.search("File exists: .*clients.csv", refusal(capsys, *options))
