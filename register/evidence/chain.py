"""Hashes of rows and blocks, by which a change of recorded rows becomes evident.

A block is what one commit added: rows of the chained tables. Its root hashes these rows and the
root of the block before. Blocks of one stream follow each other; each start of a writer begins a
stream, so that workers need no common lock.

A decision's row has a commitment, HMAC-SHA256 with a salt, to its evidence. Erasure deletes
evidence and salt: the row still verifies, and the commitment says nothing about the person.
"""

import hashlib
import hmac
import math
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from register.tables.column_types import microseconds

GENESIS = bytes(32)  # the root before the first block of a stream
LEAF = 8  # bytes of a row's hash that its block keeps, to name a row that was changed
NUMBERS = 1 << 32  # blocks of a stream

Row = Mapping[str, Any]


def block_id(stream: int, number: int) -> int:
    """The id of a block, from its stream and its number in it, from 1."""
    return stream * NUMBERS + number


def _head(kind: bytes, length: int) -> bytes:
    return kind + length.to_bytes(8, "big")


NONE, FLOAT, ID = _head(b"n", 0), _head(b"f", 8), _head(b"u", 16)
FALSE, TRUE = _head(b"b", 1) + b"\0", _head(b"b", 1) + b"\1"
NAN = FLOAT + struct.pack(">d", math.nan)  # for all of them

_double = struct.Struct(">d").pack


def _encoded(kind: bytes, content: bytes) -> bytes:
    return _head(kind, len(content)) + content


# Each value's type, length and content; a type before its base.
ENCODINGS: Mapping[type, Callable[[Any], bytes]] = {
    type(None): lambda _: NONE,
    bool: lambda value: TRUE if value else FALSE,
    int: lambda value: _encoded(b"i", b"%d" % value),
    float: lambda value: FLOAT + _double(value) if value == value else NAN,
    str: lambda value: _encoded(b"s", value.encode("utf-8", "surrogatepass")),
    bytes: lambda value: _encoded(b"x", bytes(value)),
    UUID: lambda value: ID + value.bytes,
    datetime: lambda value: _encoded(b"t", b"%d" % microseconds(value)),
    date: lambda value: _encoded(b"d", value.isoformat().encode()),
}


def canonical(values: Iterable[Any]) -> bytes:
    """Values as bytes, different for different values.

    Args:
        values: None, bool, int, float, str, bytes, UUID, date, or datetime with a time zone.

    Raises:
        TypeError: a value is of another type.
    """
    return b"".join(
        [(ENCODINGS.get(type(value)) or _encoding_of_base(value))(value) for value in values]
    )


def _encoding_of_base(value: Any) -> Callable[[Any], bytes]:
    for base, encoding in ENCODINGS.items():
        if isinstance(value, base):
            return encoding
    raise TypeError(f"{type(value).__name__} is not stored")


@cache
def _hashed(table: Table) -> tuple[bytes, Callable[[Row], tuple[Any, ...]]]:
    """A table's name as `canonical` has it, and a getter of its columns except `block`."""
    names = [column.name for column in table.columns if column.name != "block"]
    return canonical([table.name]), itemgetter(*names)


def row_hash(table: Table, row: Row) -> bytes:
    """The hash of a row of a chained table; all its columns except `block`."""
    name, values = _hashed(table)
    return hashlib.sha256(name + canonical(values(row))).digest()


def commitment(salt: bytes, values: Iterable[Any]) -> bytes:
    """The commitment to values that may be erased together with the salt."""
    return hmac.digest(salt, canonical(values), "sha256")


@dataclass(frozen=True)
class Block:
    """The rows of one commit; attributes as the columns of `schema.block`."""

    stream: int
    number: int
    at: datetime
    first: UUID
    last: UUID
    count: int
    leaves: bytes
    rows: bytes
    previous: bytes

    @classmethod
    def of(
        cls, stream: int, number: int, at: datetime, previous: bytes, hashes: Mapping[UUID, bytes]
    ) -> "Block":
        """The block of some rows, at least one.

        Args:
            stream, number: of the block.
            at: the time of the commit.
            previous: the root of the block before, or `GENESIS`.
            hashes: `row_hash` of each row, by the row's id.
        """
        ordered = sorted(hashes)
        digests = [hashes[row] for row in ordered]
        return cls(
            stream=stream,
            number=number,
            at=at,
            first=ordered[0],
            last=ordered[-1],
            count=len(digests),
            leaves=b"".join(digest[:LEAF] for digest in digests),
            rows=rows_hash(digests),
            previous=previous,
        )

    @property
    def id(self) -> int:
        """The block's id."""
        return block_id(self.stream, self.number)

    @property
    def root(self) -> bytes:
        """The hash of the block and, through `previous`, of all blocks before it."""
        header = (
            self.stream, self.number, self.at, self.first, self.last, self.count, self.leaves,
            self.rows, self.previous,
        )  # fmt: skip
        return hashlib.sha256(canonical(["block", *header])).digest()

    def row(self) -> dict[str, Any]:
        """The row of `schema.block`."""
        return vars(self) | {"id": self.id, "root": self.root}


def rows_hash(digests: Sequence[bytes]) -> bytes:
    """The hash of rows from their hashes, in the order of their ids."""
    return hashlib.sha256(b"".join(digests)).digest()
