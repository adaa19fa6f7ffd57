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


def _float_bytes(value: float) -> bytes:
    return struct.pack(">d", math.nan if math.isnan(value) else value)  # of NaNs, one


# A letter for each type, and its bytes; a type before its base.
ENCODINGS: Mapping[type, tuple[bytes, Callable[[Any], bytes]]] = {
    type(None): (b"n", lambda _: b""),
    bool: (b"b", lambda value: bytes([value])),
    int: (b"i", lambda value: str(value).encode()),
    float: (b"f", _float_bytes),
    str: (b"s", lambda value: value.encode("utf-8", "surrogatepass")),
    bytes: (b"x", bytes),
    UUID: (b"u", lambda value: value.bytes),
    datetime: (b"t", lambda value: str(microseconds(value)).encode()),
    date: (b"d", lambda value: value.isoformat().encode()),
}


def canonical(values: Iterable[Any]) -> bytes:
    """Values as bytes, different for different values.

    Args:
        values: None, bool, int, float, str, bytes, UUID, date, or datetime with a time zone.

    Raises:
        TypeError: a value is of another type.
    """
    parts: list[bytes] = []
    for value in values:
        kind, encode = ENCODINGS.get(type(value)) or _encoding_of_base(value)
        content = encode(value)
        parts += (kind, len(content).to_bytes(8, "big"), content)
    return b"".join(parts)


def _encoding_of_base(value: Any) -> tuple[bytes, Callable[[Any], bytes]]:
    for base, encoding in ENCODINGS.items():
        if isinstance(value, base):
            return encoding
    raise TypeError(f"{type(value).__name__} is not stored")


@cache
def _hashed_columns(table: Table) -> Sequence[str]:
    return [column.name for column in table.columns if column.name != "block"]


def row_hash(table: Table, row: Row) -> bytes:
    """The hash of a row of a chained table; all its columns except `block`."""
    values = [row[name] for name in _hashed_columns(table)]
    return hashlib.sha256(canonical([table.name, *values])).digest()


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
