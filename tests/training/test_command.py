"""The command: its options, the files that it makes, and the line with which it refuses."""

import hashlib
import json
import re

import numpy as np
import pytest

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    ID,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    REFERENCE_FILE,
    SKOPS_FILE,
)
from credit_scoring.model.loader import load
from tests.training.bank import a_bank, model_of, read, refusal, run
from training import command as train
from training import fitting
from training.population import simulation
from training.table import Split
from training.writing import report

TABLES = (REFERENCE_FILE, NEW_FILE)


def test_a_seed_gives_the_same_files_and_another_seed_others(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "SIMULATED_TRAINING_CLIENTS", 300)
    monkeypatch.setattr(simulation, "CLIENTS_AT_ONCE", 250)
    monkeypatch.setattr(fitting, "TREES", range(5, 11, 5))
    monkeypatch.setattr(fitting, "FOLDS", 2)
    probabilities, tables, ids = {}, {}, {}
    for out, seed in (("one", 3), ("two", 3), ("three", 4)):
        sizes = ("--reference-clients", 60, "--new-clients", 40)
        run("--seed", seed, "--out", tmp_path / out, *sizes)
        reference, new = (read(tmp_path / out, file) for file in TABLES)
        ids[out] = {*reference[ID], *new[ID]}
        model = model_of(tmp_path / out)
        probabilities[out] = model.predict_proba(new.drop(columns=ID))[:, 1]
        tables[out] = [(tmp_path / out / file).read_bytes() for file in TABLES]
    assert tables["one"] == tables["two"]
    np.testing.assert_array_equal(probabilities["one"], probabilities["two"])
    assert tables["one"][0] != tables["three"][0]
    assert tables["one"][1] != tables["three"][1]
    assert ids["one"].isdisjoint(ids["three"])  # another population, not only another split


def test_a_reference_file_is_itself_such_a_table(second_training, bank_folder):
    folder, _ = second_training
    assert list(read(folder, REFERENCE_FILE)) == list(read(bank_folder, REFERENCE_FILE))
    assert json.loads((folder / METADATA_FILE).read_text())["training_clients"] == 120
    assert (len(read(folder, REFERENCE_FILE)), len(read(folder, NEW_FILE))) == (40, 20)


def test_only_the_files_of_the_service_are_replaced(second_training):
    folder, _ = second_training
    made = {METADATA_FILE, MODEL_FILE, SKOPS_FILE, FEATURES_FILE, *TABLES}
    assert {file.name for file in folder.iterdir()} == made | {"notes.txt", "clients.csv"}
    assert (folder / "notes.txt").read_text() == "mine"
    assert load(folder).features == tuple(read(folder, NEW_FILE).columns.drop(ID))


def test_the_report_says_what_was_made(second_training):
    folder, printed = second_training
    metadata = json.loads((folder / METADATA_FILE).read_text())
    quality = metadata["quality"]
    assert printed.splitlines() == [
        "clients    180: 120 training, 40 reference, 20 new; 8 features",
        f"defaults   {quality['default_rate']:.2%} of the held-out clients (reference and new)",
        f"AUC        {quality['auc']:.3f} on them, 95 % interval {quality['auc_95_low']:.3f} to"
        f" {quality['auc_95_high']:.3f}, with {metadata['trees']} trees",
        f"threshold  {metadata['threshold']:.3f}, of least cost where a missed default costs 10"
        " refused good clients",
        f"cost       {quality['cost_per_client']:.3f} per client;"
        f" {quality['cost_per_client_at_0.5']:.3f} at threshold 0.5,"
        f" {quality['cost_per_client_accepting_all']:.3f} accepting all",
        "Brier      none: scores out of fold do not rank the training clients",
        *(
            f"{len(content):>10,} bytes  {folder / file}"
            f"  SHA-256 {hashlib.sha256(content).hexdigest()}"
            for file in (MODEL_FILE, SKOPS_FILE, *TABLES, FEATURES_FILE)
            for content in [(folder / file).read_bytes()]
        ),
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
    assert refusal(capsys, *options).startswith(f"training: {message}")


def test_the_help_says_how_many_features_there_are(capsys):
    with pytest.raises(SystemExit):
        run("--help")
    features = simulation.simulate(20, seed=1).shape[1] - 2
    assert f"simulate 347 features, not {features}" in " ".join(capsys.readouterr().out.split())


def test_the_report_names_the_groups_that_are_worst_off(bank_folder):
    metadata = json.loads((bank_folder / METADATA_FILE).read_text())
    groups, quality = metadata["quality"]["groups"], metadata["quality"]
    tables = [read(bank_folder, file) for file in TABLES]
    printed = report(bank_folder, Split(tables[0], *tables), metadata).splitlines()
    assert (
        f"Brier      {quality['brier']:.4f} of the calibrated probability;"
        f" {quality['brier_of_default_rate']:.4f} if everybody had the share of defaults"
    ) in printed
    lines = [line for line in printed if line.startswith("groups ")]
    assert [line.split(":")[0] for line in lines] == [f"groups     {name}" for name in groups]
    north = {group["group"]: group["ratio_to_best"] for group in groups["district"]}
    worst = min(north, key=north.get)
    assert lines[-1] == (
        f"groups     district: {worst or 'without a value'} is accepted {north[worst]:.2f} times as"
        " often as the best-off group"
    )


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, capsys):
    a_bank().to_csv(tmp_path / "clients.csv")
    options = ("--data", tmp_path / "clients.csv", "--out", tmp_path / "clients.csv")
    assert re.search("File exists: .*clients.csv", refusal(capsys, *options))
