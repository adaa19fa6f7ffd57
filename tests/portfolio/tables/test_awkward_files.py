"""Files of a portfolio as Excel, pandas and people leave them."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_scoring.data.artifacts import ID
from credit_scoring.data.table_files.cells import MISSING_TEXTS
from credit_scoring.decisions.batch_scoring import Scores
from portfolio.counts import Labels
from portfolio.job import Problem
from portfolio.output.part import part_table, write_table
from portfolio.tables.chunk import Chunk, Columns
from portfolio.tables.csv_file import read_csv_chunk
from portfolio.tables.parquet_file import parquet_chunks, read_parquet_chunk
from portfolio.worker import score_chunk
from tests.support.portfolio import chunks_of, job_of, read_parts

KEPT = "None"  # a category of the model


def columns_of(header: tuple[str, ...]) -> Columns:
    number, text, known, client = (header.index(name) for name in ("number", "text", "known", ID))
    return Columns(
        header,
        ("number", "text", "known"),
        id_column=client,
        numbers={0: number},
        texts={1: text, 2: known},
        literal={1: frozenset(), 2: frozenset({KEPT})},
    )


def test_texts_of_csv_and_parquet_are_read_alike(tmp_path):
    """Missing texts are missing, except a category of the model."""
    texts = [*sorted(MISSING_TEXTS), "x", " NA "]
    table = pd.DataFrame({ID: range(len(texts)), "number": 1.5, "text": texts, "known": texts})
    table.to_csv(tmp_path / "table.csv", index=False)
    table.to_parquet(tmp_path / "table.parquet", index=False)
    (chunk,) = chunks_of(tmp_path / "table.csv")
    columns = columns_of(chunk.header)
    with_odd_row = tmp_path / "odd.csv"  # which is read field by field
    with_odd_row.write_bytes((tmp_path / "table.csv").read_bytes() + b"a,b\n")
    (odd,) = chunks_of(with_odd_row)
    (stored,) = parquet_chunks(tmp_path / "table.parquet", "table.parquet", 0)
    batches = [
        read_csv_chunk(chunk, columns),
        read_csv_chunk(odd, columns),
        *read_parquet_chunk(stored, columns),
    ]
    missing = [text in MISSING_TEXTS for text in texts]
    for batch in batches:
        assert [text is None for text in batch.values.texts[1]] == missing
        assert batch.values.texts[1].tolist()[-2:] == ["x", " NA "]
        known = [None if text in MISSING_TEXTS - {KEPT} else text for text in texts]
        assert batch.values.texts[2].tolist() == known
    assert KEPT in known
    assert [len(batch.bad) for batch in batches] == [0, 1, 0]


@pytest.fixture(scope="module")
def probabilities(scorer) -> list[float]:
    """The probabilities of the new clients, in their order."""
    return scorer.bundle.classifier.probabilities(scorer.bundle.transformed).tolist()


def scored(folder: Path, out: Path, chunks: list[Chunk], *, collect: bool = False) -> pd.Series:
    """The probabilities in the part files of some chunks, by id."""
    job = job_of(folder, out, explained="none", collects_bad_rows=collect)
    for chunk in chunks:
        record = score_chunk(job, chunk)
        assert not isinstance(record, Problem), record.text
    return read_parts(out).set_index(ID)["probability"]


@pytest.mark.parametrize("index", ["even", "uneven", "none"])
def test_ids_may_be_in_the_index_of_pandas(tmp_path, bundle_folder, clients, probabilities, index):
    """pandas writes evenly spaced ones only into the metadata."""
    expected = dict(zip(clients[ID], probabilities, strict=True))
    if index == "even":
        even = range(7_000, 7_000 + 3 * len(clients), 3)
        expected = dict(zip(even, probabilities, strict=True))
        clients = clients.drop(columns=ID).set_index(pd.RangeIndex(even, name=ID))
    elif index == "uneven":
        clients = clients.set_index(ID)
    path = tmp_path / "clients.parquet"
    clients.to_parquet(path, index={"even": None, "none": False}.get(index, True), row_group_size=7)
    assert (ID in pq.read_schema(path).names) == (index != "even")
    for rows in (1_000, 10):
        out = tmp_path / f"out {rows}"
        chunks = list(parquet_chunks(path, path.name, 0, rows))
        assert (len(chunks) > 1) == (rows == 10)
        assert scored(bundle_folder, out, chunks).to_dict() == expected


def test_columns_without_a_name_and_very_long_fields(
    tmp_path, bundle_folder, clients, probabilities
):
    """A long field of an ignored column; a quote in the file makes readers count fields."""
    note = ["x" * 200_000 + ' "quoted"' if row == 3 else "" for row in range(len(clients))]
    table = clients.assign(note=note)
    table.insert(0, "first", "")
    path = tmp_path / "clients.csv"
    header = ["" if name == "first" else name for name in table]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([[*header, ""], *([*row, ""] for row in table.itertuples(index=False))])
    expected = dict(zip(clients[ID], probabilities, strict=True))
    assert scored(bundle_folder, tmp_path / "out", chunks_of(path)).to_dict() == expected
    path.write_bytes(path.read_bytes() + b"a,b\n")  # so that it is read field by field
    again = scored(bundle_folder, tmp_path / "again", chunks_of(path), collect=True)
    assert again.to_dict() == expected


def test_a_carriage_return_in_a_word_is_quoted_in_csv_parts(tmp_path):
    """Words of grades and themes come from the model's files."""
    scores = Scores(
        np.array([0.25, 0.5]), np.array([0, 1], np.int8), None, None, np.array([0, 1]),
        np.empty(0, np.intp), None, None,
    )  # fmt: skip
    table = part_table(np.array([5, 6]), scores, Labels(("one\rgrade", "two")))
    assert isinstance(table, pa.Table)
    write_table(table, tmp_path / "part.csv", "csv")
    with (tmp_path / "part.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row[ID], row["probability"], row["grade"]) for row in rows] == [
        ("5", "0.25", "one\rgrade"),
        ("6", "0.5", "two"),
    ]
    assert len({len(row) for row in rows}) == 1
