"""Columns of a statement as arrays, block by block: what counting needs of millions of rows.

Both databases give the same arrays. PostgreSQL sends binary rows of one width, which NumPy reads
as they are: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, reduce
from itertools import islice
from operator import itemgetter
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Double,
    Integer,
    Select,
    Text,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

Kind = Literal["moment", "day", "number", "whole", "small"]
Columns = Mapping[str, NDArray[Any]]

BLOCK = 65_536  # rows
TOGETHER = 256  # rows that are joined without a line of Python for each
NO_DAY = np.iinfo(np.int64).min
NO_WHOLE = -(2**31)

# Of PostgreSQL's binary format.
HEADER, TRAILER = 19, 2  # bytes
YEAR_2000 = 10_957  # days since 1970
DAY = 86_400_000_000  # microseconds
NEVER = -(2**31)  # the date -infinity
WIRE: Mapping[Kind, str] = {"moment": ">i8", "day": ">i4", "number": ">f8", "whole": ">i4"}
PACKED = 8  # small numbers in one number of 64 bits: a field takes longer than a byte of it
NO_SMALL = 255
NULLS: Mapping[Kind, str] = {"day": "DATE '-infinity'", "number": "'NaN'::float8"}


def column_blocks(
    connection: Connection, statement: Select[Any], kinds: Mapping[str, Kind]
) -> Iterator[Columns]:
    """The columns of a statement, some ten thousand rows at a time.

    Args:
        connection: to the register; in one transaction until the end.
        statement: with the columns of `kinds`.
        kinds: by column: a time, which is never null, as microseconds since 1970; a date as days
            since 1970, `NO_DAY` for null; a number as a double, NaN for null; a whole number of 32
            bits, `NO_WHOLE` for null; a small one, from 0 to 254, in the same form.
    """
    read: Callable[..., Iterator[Columns]] = (
        _postgresql_blocks if connection.dialect.name == "postgresql" else _sqlite_blocks
    )
    yield from read(connection, statement, kinds)


def _postgresql_blocks(
    connection: Connection, statement: Select[Any], kinds: Mapping[str, Kind]
) -> Iterator[Columns]:
    import psycopg  # a driver is imported only where its database is used

    inner = statement.subquery()
    single = {name: kind for name, kind in kinds.items() if kind != "small"}
    packs = _packs(kinds)
    columns = [_never_null(inner.c[name], kind).label(name) for name, kind in single.items()]
    columns += [_packed([inner.c[name] for name in pack]).label(pack[0]) for pack in packs]
    compiled = select(*columns).compile(
        dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
    )
    driver: Any = connection.connection.driver_connection
    text = psycopg.ClientCursor(driver).mogrify(
        f"COPY ({compiled}) TO STDOUT (FORMAT BINARY)", compiled.params
    )
    row = _wire_row(single, packs)
    try:
        for rows in _copied_rows(driver.pgconn, text.encode(), row.itemsize):
            values = np.frombuffer(rows, row)
            yield {name: _decoded(values[name], kind) for name, kind in kinds.items()}
    except psycopg.Error as error:  # of libpq itself, which SQLAlchemy does not see
        raise DBAPIError(None, None, error) from error


def _never_null(column: ColumnElement[Any], kind: Kind) -> ColumnElement[Any]:
    if kind == "moment":
        return column
    if kind == "whole":
        return func.coalesce(cast(column, Integer), literal_column(str(NO_WHOLE)))
    return func.coalesce(column, literal_column(NULLS[kind]))


def _packs(kinds: Mapping[str, Kind]) -> list[list[str]]:
    """The small columns, as many together as one number holds."""
    small = [name for name, kind in kinds.items() if kind == "small"]
    return [small[first : first + PACKED] for first in range(0, len(small), PACKED)]


def _packed(columns: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    """One number of 64 bits whose bytes are small columns, the first one in the lowest byte."""
    null: ColumnElement[Any] = literal_column(str(NO_SMALL))
    parts: list[ColumnElement[Any]] = [
        func.coalesce(cast(column, BigInteger), null).bitwise_lshift(literal_column(str(8 * at)))
        for at, column in enumerate(columns)
    ]
    return reduce(lambda left, right: left.bitwise_or(right), parts)


def _wire_row(kinds: Mapping[str, Kind], packs: Sequence[Sequence[str]]) -> np.dtype[np.void]:
    """A row as PostgreSQL sends it: the number of fields, then the length of each and the value."""
    fields = [("number of fields", ">i2")]
    for name, kind in kinds.items():
        fields += [(f"length of {name}", ">i4"), (name, WIRE[kind])]
    for pack in packs:
        fields += [(f"length of {pack[0]}", ">i4")]
        fields += [(f"byte {at} of {pack[0]}", "u1") for at in range(len(pack), PACKED)]
        fields += [(name, "u1") for name in reversed(pack)]  # the highest byte comes first
    return np.dtype(fields)


def _copied_rows(connection: Any, statement: bytes, width: int) -> Iterator[bytes]:
    """The rows of a COPY, many at a time.

    This is libpq itself: psycopg's iteration takes longer than the server does.

    Args:
        connection: libpq's, in a transaction.
        statement: the COPY.
        width: bytes of a row.

    Raises:
        psycopg.Error: the server ends the statement, or the connection fails.
    """
    from psycopg import errors, pq

    started = connection.exec_(statement)
    if started.status != pq.ExecStatus.COPY_OUT:
        raise errors.error_from_result(started)
    rows = map(itemgetter(1), iter(partial(connection.get_copy_data, 0), (-1, b"")))
    buffer, begin, least = bytearray(), HEADER, HEADER + BLOCK * width
    try:
        while part := b"".join(islice(rows, TOGETHER)):
            buffer += part
            if len(buffer) >= least:
                end = begin + (len(buffer) - begin) // width * width
                yield bytes(buffer[begin:end])
                del buffer[:end]
                begin = 0
    finally:  # a caller that ends early leaves a connection that can be used
        for _ in rows:
            pass
        ended = connection.get_result()
        connection.get_result()
    if ended.status != pq.ExecStatus.COMMAND_OK:
        raise errors.error_from_result(ended)
    if rest := bytes(buffer[begin:-TRAILER]):
        yield rest


def _decoded(values: NDArray[Any], kind: Kind) -> NDArray[Any]:
    """Values of PostgreSQL as `column_blocks` gives them."""
    if kind == "moment":
        return values.astype(np.int64) + YEAR_2000 * DAY
    if kind == "day":
        return np.where(values == NEVER, NO_DAY, values.astype(np.int64) + YEAR_2000)
    if kind == "small":
        return np.where(values == NO_SMALL, np.int32(NO_WHOLE), values)
    return values.astype(values.dtype.newbyteorder("="))


def _sqlite_blocks(
    connection: Connection, statement: Select[Any], kinds: Mapping[str, Kind]
) -> Iterator[Columns]:
    inner = statement.subquery()
    # The types let SQLAlchemy leave SQLite's own values as they are.
    raw: Mapping[Kind, TypeEngine[Any]] = {
        "moment": BigInteger(),
        "day": Text(),
        "number": Double(),
        "whole": Integer(),
        "small": Integer(),
    }
    columns: list[ColumnElement[Any]] = [
        type_coerce(inner.c[name], raw[kind]) for name, kind in kinds.items()
    ]
    result = connection.execute(select(*columns))
    while rows := result.fetchmany(BLOCK):
        yield {
            name: _array(values, kind)
            for (name, kind), values in zip(kinds.items(), zip(*rows, strict=True), strict=True)
        }


def _array(values: Sequence[Any], kind: Kind) -> NDArray[Any]:
    """Values of SQLite as `column_blocks` gives them."""
    if kind == "moment":
        return np.array(values, np.int64)
    if kind == "day":
        return np.array(values, "datetime64[D]").astype(np.int64)  # null is NaT, the least number
    if kind == "number":
        return np.array(values, np.float64)
    return np.array([NO_WHOLE if value is None else value for value in values], np.int32)
