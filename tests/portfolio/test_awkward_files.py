"""Files of a portfolio as Excel, pandas and people leave them."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.served_bundle import ServedBundle
from credit_scoring.data.artifacts import ID, NEW_FILE
from credit_scoring.data.cells import MISSING_TEXTS
from credit_scoring.decisions.batch_scoring import Scores
from portfolio.columns import Columns
from portfolio.csv_rows import csv_block
from portfolio.job import Piece, Problem
from portfolio.parquet import parquet_blocks, parquet_pieces
from portfolio.parts import part_table, write_part
from portfolio.work import score_piece
from tests.support.portfolio import job_of, parts, pieces_of

KEPT = "None"  # a category of the model


def columns_of(header: tuple[str, ...]) -> Columns:
    features = ("number", "text", "known")
    at = {position: header.index(name) for position, name in enumerate(features)}
    return Columns(header, features, {1: frozenset(), 2: frozenset({KEPT})}, at, (), ())


def test_texts_of_csv_and_parquet_are_read_alike(tmp_path):
    """Missing texts are missing, except a category of the model."""
    texts = [*sorted(MISSING_TEXTS), "x", " NA "]
    table = pd.DataFrame({ID: range(len(texts)), "number": 1.5, "text": texts, "known": texts})
    table.to_csv(tmp_path / "table.csv", index=False)
    table.to_parquet(tmp_path / "table.parquet", index=False)
    (piece,) = pieces_of(tmp_path / "table.csv")
    columns = columns_of(piece.header)
    with_odd_row = tmp_path / "odd.csv"  # is read field by field
    with_odd_row.write_bytes((tmp_path / "table.csv").read_bytes() + b"a,b\n")
    (odd,) = pieces_of(with_odd_row)
    (stored,) = [
        piece
        for piece in parquet_pieces(tmp_path / "table.parquet", "table.parquet", 0)
        if isinstance(piece, Piece)
    ]
    blocks = [csv_block(piece, columns), csv_block(odd, columns), *parquet_blocks(stored, columns)]
    missing = [text in MISSING_TEXTS for text in texts]
    for block in blocks:
        assert [text is None for text in block.rows.texts[1]] == missing
        assert block.rows.texts[1].tolist()[-2:] == ["x", " NA "]
        known = [None if text in MISSING_TEXTS - {KEPT} else text for text in texts]
        assert block.rows.texts[2].tolist() == known
    assert KEPT in known
    assert [len(block.bad) for block in blocks] == [0, 1, 0]


@pytest.fixture(scope="module")
def clients(desk: ServedBundle, model: Path) -> pd.DataFrame:
    return pd.read_csv(model / NEW_FILE, index_col=0)


def scored(model: Path, out: Path, pieces: list[Piece], *, collect: bool = False) -> pd.DataFrame:
    job = job_of(model, out, explained="none", collect=collect)
    for piece in pieces:
        record = score_piece(job, piece, "")
        assert not isinstance(record, Problem), record.text
    return parts(out).set_index(ID)["probability"]


def expected_of(desk: ServedBundle) -> dict[int, float]:
    bundle = desk.bundle
    found = bundle.classifier.probabilities(bundle.transformed).tolist()
    return dict(zip(bundle.client_ids, found, strict=True))


@pytest.mark.parametrize("index", ["even", "uneven", "none"])
def test_ids_may_be_the_index_of_pandas(tmp_path, model, desk, clients, index):
    """pandas writes evenly spaced ones into the metadata alone."""
    expected = expected_of(desk)
    if index == "even":
        even = range(7_000, 7_000 + 3 * len(clients), 3)
        expected = dict(zip(even, expected.values(), strict=True))
        clients = clients.drop(columns=ID).set_index(pd.RangeIndex(even, name=ID))
    elif index == "uneven":
        clients = clients.set_index(ID)
    path = tmp_path / "clients.parquet"
    clients.to_parquet(path, index={"even": None, "none": False}.get(index, True), row_group_size=7)
    assert (ID in pq.read_schema(path).names) == (index != "even")
    for rows in (1_000, 10):
        out = tmp_path / f"out {rows}"
        found = parquet_pieces(path, path.name, 0, rows)
        pieces = [piece for piece in found if isinstance(piece, Piece)]
        assert (len(pieces) > 1) == (rows == 10)
        assert scored(model, out, pieces).to_dict() == expected


def test_columns_without_a_name_and_very_long_fields(tmp_path, model, desk, clients):
    """A long field of an ignored column; a quote in the file makes readers count fields."""
    note = ["x" * 200_000 + ' "quoted"' if row == 3 else "" for row in range(len(clients))]
    table = clients.assign(note=note)
    table.insert(0, "first", "")
    path = tmp_path / "clients.csv"
    header = ["" if name == "first" else name for name in table]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([[*header, ""], *([*row, ""] for row in table.itertuples(index=False))])
    expected = expected_of(desk)
    assert scored(model, tmp_path / "out", pieces_of(path)).to_dict() == expected
    path.write_bytes(path.read_bytes() + b"a,b\n")  # is read field by field
    again = scored(model, tmp_path / "again", pieces_of(path), collect=True)
    assert again.to_dict() == expected


def test_a_carriage_return_in_a_word_is_quoted_in_csv_parts(tmp_path, model):
    """Words of grades and themes come from the model's files."""
    scores = Scores(
        np.array([0.25, 0.5]), np.array([0, 1], np.int8), None, None, np.array([0, 1]),
        np.empty(0, np.intp), None,
    )  # fmt: skip
    table = part_table(np.array([5, 6]), scores, ["one\rgrade", "two"], [], [], None)
    assert isinstance(table, pa.Table)
    job = job_of(model, tmp_path, format="csv")
    piece = Piece(0, "clients.csv", "clients.csv", (), "", (0, 0, 0), 0, 0)
    write_part(job, piece, table)
    with (tmp_path / "part-000000.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row[ID], row["probability"], row["grade"]) for row in rows] == [
        ("5", "0.25", "one\rgrade"),
        ("6", "0.5", "two"),
    ]
    assert len({len(row) for row in rows}) == 1
