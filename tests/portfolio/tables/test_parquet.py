"""Parquet tables: columns of every kind, and row groups of every size."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_scoring.data.artifacts import ID
from credit_scoring.errors import BadFile
from portfolio.tables.chunk import Columns
from portfolio.tables.parquet_file import MOST_SLICES, parquet_chunks, read_parquet_chunk


def columns_of(table, texts=()):
    header = tuple(table.column_names)
    features = tuple(name for name in header if name != ID)
    columns = {at: header.index(name) for at, name in enumerate(features)}
    text_columns = {at: columns.pop(at) for at, name in enumerate(features) if name in texts}
    literal = dict.fromkeys(text_columns, frozenset())
    return Columns(header, features, header.index(ID), columns, text_columns, literal)


def read(tmp_path, table, texts=(), rows=1000, **options):
    """The values of a table, its bad rows, and the sizes of its chunks."""
    path = tmp_path / "table.parquet"
    pq.write_table(table, path, **options)
    chunks = list(parquet_chunks(path, "table.parquet", 0, rows))
    batches = [
        batch for chunk in chunks for batch in read_parquet_chunk(chunk, columns_of(table, texts))
    ]
    return batches, [chunk.length for chunk in chunks]


def table_of(**columns):
    length = len(next(iter(columns.values())))
    return pa.table({ID: pa.array(range(1, length + 1), pa.int64()), **columns})


def test_numbers_of_every_kind_are_the_nearest_doubles(tmp_path):
    decimals = [Decimal("0.1"), Decimal("123456.789012"), None]
    table = table_of(
        a=pa.array([1, None, 3], pa.int32()),
        b=pa.array([1.5, np.nan, None], pa.float64()),
        c=pa.array([0.1, None, 2], pa.float32()),
        d=pa.array(decimals, pa.decimal128(20, 6)),
        e=pa.array([True, False, None]),
        f=pa.nulls(3),
        g=pa.array([2.5, 2.5, None]).dictionary_encode(),
        h=pa.array([2**53, 5, None], pa.uint64()),
    )
    ((batch,), _) = read(tmp_path, table)
    wanted = [
        [1, np.nan, 3],
        [1.5, np.nan, np.nan],
        [float(np.float32(0.1)), np.nan, 2],
        [0.1, 123456.789012, np.nan],
        [1, 0, np.nan],
        [np.nan] * 3,
        [2.5, 2.5, np.nan],
        [2.0**53, 5, np.nan],
    ]
    assert np.array_equal(batch.values.numbers.T, wanted, equal_nan=True)
    assert batch.bad == {}


def test_texts_of_every_kind(tmp_path):
    texts = ["x", None, "two\nlines"]
    table = table_of(
        a=pa.array(texts),
        b=pa.array(texts).dictionary_encode(),
        c=pa.array(texts, pa.large_string()),
        d=pa.nulls(3),
    )
    ((batch,), _) = read(tmp_path, table, texts="abcd")
    assert [batch.values.texts[at].tolist() for at in range(4)] == [texts, texts, texts, [None] * 3]


def test_rows_that_no_double_and_no_id_holds_are_bad(tmp_path):
    ids = pa.array([1, None, 2**63, 4], pa.uint64())
    table = pa.table({ID: ids, "a": pa.array([1, 2, 3, 2**53 + 1])})
    ((batch,), _) = read(tmp_path, table)
    assert batch.ids.tolist() == [1]
    assert batch.bad == {
        2: f"column {ID}: is not an integer",
        3: f"column {ID}: is not an integer",
        4: "a whole number that no double holds exactly: a",
    }


@pytest.mark.parametrize(
    ("column", "texts", "said"),
    [
        (pa.array(["1"]), "", "text where train_samp.csv has numbers: a"),
        (pa.array([1.0]), "a", "numbers where train_samp.csv has text: a"),
        (pa.array([[1.0]]), "", "neither numbers nor text: a"),
        (pa.array([0], pa.timestamp("s")), "", "neither numbers nor text: a"),
    ],
)
def test_columns_of_another_kind_are_refused(tmp_path, column, texts, said):
    with pytest.raises(BadFile) as refused:
        read(tmp_path, table_of(a=column), texts)
    assert str(refused.value) == f"table.parquet: {said}"


@pytest.mark.parametrize("ids", [pa.array([1.0]), pa.array(["1"])])
def test_ids_are_integers(tmp_path, ids):
    with pytest.raises(BadFile, match=rf"column {ID}: is not of integers"):
        read(tmp_path, pa.table({ID: ids, "a": [1.0]}))


@pytest.mark.parametrize("group", [7, 30, 100, 1000, 20_000])
def test_row_groups_of_every_size_are_cut(tmp_path, group):
    rows = 20_000 if group > 1000 else 500
    values = np.random.default_rng(0).normal(size=rows)
    batches, sizes = read(tmp_path, table_of(a=values), rows=100, row_group_size=group)
    assert sum(sizes) == rows
    assert max(sizes) <= max(100, -(-group // MOST_SLICES))
    assert len(sizes) <= 2 * (rows / 100)
    assert (
        np.concatenate([batch.values.numbers[:, 0] for batch in batches]).tolist()
        == values.tolist()
    )
    assert np.concatenate([batch.ids for batch in batches]).tolist() == list(range(1, rows + 1))


def test_no_rows_and_no_table_are_refused(tmp_path):
    with pytest.raises(BadFile, match="holds no client"):
        read(tmp_path, table_of(a=pa.array([], pa.float64())))
    (tmp_path / "broken").write_bytes(b"PAR1 and no more")
    with pytest.raises(BadFile, match=r"^broken: is not a Parquet table: "):
        [*parquet_chunks(tmp_path / "broken", "broken", 0)]
