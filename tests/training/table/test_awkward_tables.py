"""Tables a little unlike others: the folder scores as the training did, or one line refuses."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from credit_scoring.data.artifacts import FEATURES_FILE, ID, NEW_FILE, PROBA, REFERENCE_FILE, TARGET
from credit_scoring.model.loader import load
from tests.training.bank import refusal, run
from tests.training.table.any_table import (
    any_table,
    reference_clients_as_new,
    scores,
    table_of_cells,
    table_of_columns,
)
from training import writing

CLIENTS = 400


def columns(**more: list[str]) -> dict[str, list[str]]:
    """An id, an outcome and a number, as texts of cells, and other columns."""
    random = np.random.default_rng(3)
    risk = random.normal(size=CLIENTS)
    return {
        ID: list(map(str, range(101, 101 + CLIENTS))),
        TARGET: list(np.where(risk > 0.7, "1", "0")),
        "AGE": list(map(str, random.integers(20, 70, CLIENTS))),
        **more,
    }


def counts() -> list[str]:
    return list(map(str, np.random.default_rng(4).poisson(1.5, CLIENTS)))


def trained(tmp_path, cells: dict[str, list[str]], *options: object):
    """The folder that is made of a table, and every reference client's score in it."""
    (tmp_path / "table.csv").write_bytes(table_of_columns(cells))
    out = tmp_path / "out"
    run("--data", tmp_path / "table.csv", "--out", out, *options)
    stored = reference_clients_as_new(out)
    for door, found in scores(out, tmp_path):
        assert found == stored, door
    return out


def one_dash() -> list[str]:
    cells = counts()
    cells[17] = "-"
    return cells


def codes() -> list[str]:
    return [f"{1 + int(count):03}" for count in counts()]


def rare(texts: int) -> list[str]:
    cells = [""] * CLIENTS
    for at in np.random.default_rng(5).choice(CLIENTS, texts, replace=False):
        cells[at] = "a note"
    return cells


def with_returns() -> list[str]:
    return [f"one\rtwo {int(count) % 2}" for count in counts()]


@pytest.mark.parametrize(
    ("cells", "value"),
    [(one_dash, "-"), (codes, "001"), (with_returns, "one\rtwo 1")],
    ids=["one dash", "codes", "carriage returns"],
)
def test_a_text_column_is_text_in_both_files(tmp_path, capsys, cells, value):
    out = trained(tmp_path, columns(NOTE=cells()))
    texts = load(out).scorer.texts
    assert texts.keys() == {1}
    kinds = csv.DictReader(io.StringIO((out / FEATURES_FILE).read_text()))
    assert {row["name"]: row["kind"] for row in kinds} == {"AGE": "number", "NOTE": "text"}
    assert value in cells()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("text ")]
    assert lines == (
        ["text       NOTE: 1 of 400 values are not numbers, first in row 18, so all are categories"]
        if value == "-"
        else []
    )


@pytest.mark.parametrize("texts", [1, 3])
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_a_very_rare_text_is_a_text_wherever_its_clients_come_to_lie(tmp_path, texts, seed):
    out = trained(tmp_path, columns(NOTE=rare(texts)), "--seed", seed)
    assert load(out).scorer.texts.keys() == {1}


def test_columns_without_a_name_are_ignored(tmp_path):
    """Excel writes commas behind the last column."""
    cells = columns()
    rows = [(*row, "", "") for row in zip(*cells.values(), strict=True)]
    (tmp_path / "table.csv").write_bytes(table_of_cells([*cells, "", ""], rows))
    run("--data", tmp_path / "table.csv", "--out", tmp_path / "out")
    assert load(tmp_path / "out").features == ("AGE",)


def test_a_filled_in_file_decides_on_the_kind(tmp_path):
    (tmp_path / "mine.csv").write_text("name,kind\nBRANCH,number\nCHILDREN,text\n")
    cells = columns(BRANCH=codes(), CHILDREN=counts())
    out = trained(tmp_path, cells, "--features", tmp_path / "mine.csv")
    bundle = load(out)
    assert bundle.text_features == {"CHILDREN"}
    assert bundle.raw_record(bundle.client_ids[0])["BRANCH"] == 1 + float(
        dict(zip(cells[ID], cells["CHILDREN"], strict=True))[str(bundle.client_ids[0])]
    )


def test_a_text_among_declared_numbers_is_refused(tmp_path, capsys):
    cells = columns(LATE=one_dash())
    (tmp_path / "table.csv").write_bytes(table_of_columns(cells))
    (tmp_path / "mine.csv").write_text("name,kind\nLATE,number\n")
    line = refusal(
        capsys, "--data", tmp_path / "table.csv", "--features", tmp_path / "mine.csv",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert line == (
        "training: table.csv: column LATE: row 18 is not a number, and the model takes numbers"
    )


def test_infinite_values_of_an_audited_column_are_in_the_last_group(tmp_path):
    ratio = [str(value) for value in np.random.default_rng(6).normal(size=CLIENTS)]
    ratio[::3], ratio[1::3] = ["inf"] * len(ratio[::3]), ["-inf"] * len(ratio[1::3])
    out = trained(tmp_path, columns(RATIO=ratio), "--audit", "RATIO")
    groups = load(out).metadata["quality"]["groups"]["RATIO"]
    assert groups[0]["group"].startswith("up to ")
    assert groups[-1]["group"].startswith("above ")
    assert (
        sum(group["clients"] for group in groups)
        == load(out).metadata["quality"]["held_out_clients"]
    )


def test_files_that_score_otherwise_are_never_written(tmp_path, capsys, monkeypatch):
    """The trainer loads what it wrote, and compares before it says anything."""
    cells = columns()
    (tmp_path / "table.csv").write_bytes(table_of_columns(cells))
    kept = writing.quoting_of

    def another_value(table: pd.DataFrame) -> int:
        if PROBA in table:
            table.loc[table.index[30], "AGE"] += 20
        return kept(table)

    monkeypatch.setattr(writing, "quoting_of", another_value)
    line = refusal(capsys, "--data", tmp_path / "table.csv", "--out", tmp_path / "out")
    assert line.startswith(f"training: {REFERENCE_FILE}: row 31: {PROBA} is ")
    assert not (tmp_path / "out" / NEW_FILE).exists()


@pytest.mark.parametrize("seed", range(1000, 1004))
def test_any_table_is_scored_as_it_was_trained(tmp_path, seed):
    """500 tables: `tests/experiments/any_table.py`."""
    (tmp_path / "table.csv").write_bytes(any_table(seed))
    run("--data", tmp_path / "table.csv", "--out", tmp_path / "out", "--seed", seed)
    stored = reference_clients_as_new(tmp_path / "out")
    assert len(set(stored.values())) > 2
    for door, found in scores(tmp_path / "out", tmp_path):
        assert found == stored, door
