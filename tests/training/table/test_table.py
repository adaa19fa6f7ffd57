"""Labelled tables: read, refused with one line, and split."""

import json

import numpy as np
import pandas as pd
import pytest

from credit_scoring.data.artifacts import ID, METADATA_FILE, NEW_FILE, PROBA, REFERENCE_FILE, TARGET
from tests.training.bank import a_bank, read, refusal
from training.table import read_labelled_table


def test_the_clients_are_split_three_ways(bank_folder):
    table, metadata = a_bank(), json.loads((bank_folder / METADATA_FILE).read_text())
    reference, new = read(bank_folder, REFERENCE_FILE), read(bank_folder, NEW_FILE)
    assert (len(reference), len(new)) == (180, 90)
    held_out = {*reference[ID], *new[ID]}
    assert len(held_out) == 270
    assert held_out < {*table[ID]}
    assert metadata["training_clients"] == 630
    outcome = table.set_index(ID)[TARGET]
    assert list(outcome[reference[ID]]) == list(reference[TARGET])
    assert outcome[[*held_out]].mean() == pytest.approx(outcome.mean(), abs=1 / 270)


def with_column(name, values):
    return a_bank().assign(**{name: values}).to_csv(index=False)


def test_what_the_table_is_refused_for(tmp_path, capsys):
    bank, path = a_bank(), tmp_path / "clients.csv"
    ids, target = bank[ID].astype(float), bank[TARGET].astype(float)
    rare = (bank.index < 12).astype(int)
    refused = {
        "is not a CSV table: No columns to parse from file": "",
        "is not a CSV table: Error tokenizing data": "a,b\n1,2\n1,2,3\n",
        "row 1 has 3 fields, the header 2": "a,b\n1,2,3\n1,2,3\n",
        "row 3 has 1 fields, the header 3": "SK_ID_CURR,TARGET,a\n1,0,1\n2,1,2\n3\n",
        "row 2 has 2 fields, the header 3": 'SK_ID_CURR,TARGET,a\n1,0,"x\ny"\n2,1\n',
        "column a: row 2 is a whole number that no double holds exactly": (
            "SK_ID_CURR,TARGET,a\n1,0,1\n2,1,9007199254740993\n"
        ),
        "has a column more than once: income": "income,income\n1,2\n",
        "lacks the column SK_ID_CURR": "TARGET,a\n0,1\n",
        "lacks the column TARGET": "SK_ID_CURR,a\n0,1\n",
        "holds no client": "SK_ID_CURR,TARGET,a\n",
        "column SK_ID_CURR: rows 518 and 773 have the same id": with_column(
            ID, ids.astype(int).replace(9, 8)
        ),
        "column SK_ID_CURR: row 518 is empty": with_column(ID, ids.replace(9, None)),
        "column TARGET: a value is missing or is neither 0 nor 1": with_column(TARGET, target + 1),
        "column TARGET: a value is missing or is neither 0 nor 1 ": with_column(
            TARGET, target.where(bank.index > 3)
        ),
        "column TARGET: every value is 0": with_column(TARGET, 0),
        "has no feature beside SK_ID_CURR and TARGET": bank[[ID, TARGET]]
        .assign(**{PROBA: 0.5})
        .to_csv(),
        "column income: a value is infinite": with_column("income", np.inf),
        "column housing_own has the name of a value of a text column": with_column(
            "housing_own", 1
        ),
        "too few clients: 270 of 900 are held out, and one class has 12 in all": with_column(
            TARGET, rare
        ),
    }
    for message, text in refused.items():
        path.write_text(text)
        line = refusal(capsys, "--data", path, "--out", tmp_path / "out")
        assert line.startswith(f"training: clients.csv: {message.strip()}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["Unnamed: 0", "", PROBA])
def test_columns_that_are_no_features_are_ignored(tmp_path, name):
    """The first column by its name or without, and the probabilities of an earlier model."""
    table, path = a_bank(), tmp_path / "clients.csv"
    table.to_csv(path, index=False)
    expected = read_labelled_table(path)
    assert list(expected) == list(table)
    table.insert(0, name, range(len(table)))
    table.to_csv(path, index=False)
    pd.testing.assert_frame_equal(read_labelled_table(path), expected)


def test_flags_are_numbers_and_the_rest_is_read_as_it_is(tmp_path):
    table = a_bank()
    table.to_csv(tmp_path / "clients.csv")
    flags = ["is new", "is known"]
    pd.testing.assert_frame_equal(
        read_labelled_table(tmp_path / "clients.csv"),
        table.astype(dict.fromkeys(flags, float)),
    )


def test_a_table_that_cannot_be_read_is_refused(tmp_path, capsys):
    (tmp_path / "latin.csv").write_bytes("SK_ID_CURR,TARGET,café\n1,0,1\n".encode("latin-1"))
    for name, message in {
        "absent.csv": "absent.csv: cannot be read: No such file or directory",
        "latin.csv": "latin.csv: is not a CSV table: 'utf-8' codec can't decode",
        ".": ": cannot be read: Is a directory",
    }.items():
        assert message in refusal(capsys, "--data", tmp_path / name, "--out", tmp_path)


def test_more_held_out_than_there_are_is_refused(tmp_path, capsys):
    a_bank().to_csv(tmp_path / "clients.csv")
    options = ("--data", tmp_path / "clients.csv", "--out", tmp_path, "--new-clients", 901)
    line = refusal(capsys, *options)
    assert line.startswith("training: clients.csv: too few clients: 1081 of 900 are held out")
