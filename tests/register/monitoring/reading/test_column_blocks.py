"""Columns of statements as arrays: the values of the rows, in both databases."""

from datetime import UTC, date, datetime

import numpy as np
import pytest
from sqlalchemy import (
    Date,
    Double,
    Integer,
    Text,
    cast,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.exc import DBAPIError

from register.errors import RegisterAway
from register.monitoring.reading import column_blocks as module
from register.monitoring.reading.column_blocks import NO_DAY, NO_WHOLE, column_blocks
from register.tables.column_types import Moment, microseconds

KINDS = {"at": "moment", "day": "day", "number": "number", "whole": "whole"}
ROWS = [
    (datetime(1970, 1, 1, tzinfo=UTC), date(1970, 1, 1), 0.1, 0),
    (datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), None, None, None),
    (datetime(2026, 2, 28, 1, 2, 3, 4, UTC), date(1, 1, 1), 0.3, -(2**31) + 1),
    (datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), date(9999, 12, 31), 2.5e-308, 2**31 - 1),
]


def statement(rows):
    types = {"at": Moment, "day": Date, "number": Double, "whole": Integer}
    each = [
        select(
            *(
                literal(value, types[name]).label(name)
                for name, value in zip(types, row, strict=True)
            )
        )
        for row in rows
    ]
    return select(union_all(*each).subquery())


def read(database, rows):
    with database.reading() as connection:
        return list(column_blocks(connection, statement(rows), KINDS))


def test_values_and_nulls(database):
    (found,) = read(database, ROWS)
    days = [(day - date(1970, 1, 1)).days if day else NO_DAY for _, day, _, _ in ROWS]
    assert found["at"].tolist() == [microseconds(at) for at, _, _, _ in ROWS]
    assert found["day"].tolist() == days
    assert repr(found["number"].tolist()) == "[0.1, nan, 0.3, 2.5e-308]"
    assert found["whole"].tolist() == [0, NO_WHOLE, -(2**31) + 1, 2**31 - 1]
    kinds = {name: values.dtype for name, values in found.items()}
    assert kinds == {"at": np.int64, "day": np.int64, "number": np.float64, "whole": np.int32}


def test_small_numbers_and_nulls(database):
    """Eight are one number on the wire; here are nine columns, with every byte in each."""
    columns = [f"of {at}" for at in range(9)]
    values = [[(7 * at + 31 * row) % 256 for at in range(9)] for row in range(256)]
    each = [
        select(*(literal(None if value == 255 else value, Integer).label(name)
                 for name, value in zip(columns, row, strict=True)))
        for row in values
    ]  # fmt: skip
    kinds = {**dict.fromkeys(columns, "small"), "whole": "whole"}
    some = union_all(*each).subquery()
    statement = select(*some.c, (some.c["of 0"] * 1_000).label("whole"))
    with database.reading() as connection:
        (found,) = column_blocks(connection, statement, kinds)
    assert [found[name].dtype for name in columns] == [np.int32] * 9
    rows = list(zip(*(found[name].tolist() for name in columns), strict=True))
    read = [[255 if value == NO_WHOLE else value for value in row] for row in rows]
    assert sorted(read) == sorted(values)
    first = [value if value == NO_WHOLE else value * 1_000 for value, *_ in rows]
    assert found["whole"].tolist() == first


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 7, 8, 9])
def test_blocks_have_every_row_once(database, monkeypatch, number):
    monkeypatch.setattr(module, "BLOCK", 4)
    rows = [(datetime(2026, 1, 1, tzinfo=UTC), None, float(at), at) for at in range(number)]
    some = statement(rows) if rows else statement(ROWS).where(literal_column("1") == 0)
    with database.reading() as connection:
        blocks = list(column_blocks(connection, some, KINDS))
    assert sorted(at for block in blocks for at in block["whole"].tolist()) == list(range(number))
    assert all(len(block["whole"]) for block in blocks)
    assert len(blocks) <= -(-number // 4) + 1


def test_a_reader_that_ends_early_leaves_the_connection(database, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 1)
    with database.reading() as connection:
        blocks = column_blocks(connection, statement(ROWS), KINDS)
        next(blocks)
        blocks.close()
        assert connection.scalar(select(literal_column("17"))) == 17


@pytest.mark.parametrize("register_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("bad", [1, 300_000])
def test_an_error_of_the_server_is_a_fault_without_values(database, bad):
    numbers = func.generate_series(1, 300_000).table_valued("n").render_derived(name="numbers")
    wrong = literal_column(f"1 / (numbers.n - {bad})").label("whole")
    with pytest.raises(DBAPIError) as error, database.reading(60) as connection:
        list(column_blocks(connection, select(wrong).select_from(numbers), {"whole": "whole"}))
    assert str(error.value.orig) == "22012"


@pytest.mark.parametrize("register_url", ["postgresql"], indirect=True)
def test_a_statement_that_takes_too_long(database):
    slow = select(func.length(cast(func.pg_sleep(60), Text)).label("whole"))
    with (
        pytest.raises(RegisterAway, match="an operation took too long"),
        database.reading(0.1) as connection,
    ):
        list(column_blocks(connection, slow, {"whole": "whole"}))
    with database.reading() as connection:
        assert connection.scalar(select(literal_column("17"))) == 17
