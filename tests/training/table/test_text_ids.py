"""A labelled table whose ids are texts."""

import pandas as pd

from credit_scoring.data.artifacts import ID, NEW_FILE, REFERENCE_FILE
from credit_scoring.model.loader import load
from tests.training.bank import a_bank, run


def test_texts_are_written_and_served_as_they_are(tmp_path):
    bank = a_bank()
    odd = {8: "null", 9: "007", 10: "7", 11: "one, two", 12: "NA", 13: "a\rb"}
    bank[ID] = [odd.get(number, f"LP{number:06}") for number in bank[ID]]
    bank.to_csv(tmp_path / "clients.csv", index=False, quoting=1)
    run("--data", tmp_path / "clients.csv", "--out", tmp_path / "out")
    written = [
        pd.read_csv(tmp_path / "out" / name, dtype="str", keep_default_na=False)[ID].tolist()
        for name in (REFERENCE_FILE, NEW_FILE)
    ]
    assert [len(ids) for ids in written] == [180, 90]
    known = set(bank[ID])
    assert set(written[0]) | set(written[1]) <= known
    assert not set(written[0]) & set(written[1])
    assert list(load(tmp_path / "out").client_ids) == written[1]


def test_numbers_stay_numbers(tmp_path):
    bank = a_bank()
    bank.to_csv(tmp_path / "clients.csv", index=False)
    run("--data", tmp_path / "clients.csv", "--out", tmp_path / "out")
    ids = load(tmp_path / "out").client_ids
    assert set(ids) <= set(bank[ID].tolist())
    assert {int} == {*map(type, ids)}
