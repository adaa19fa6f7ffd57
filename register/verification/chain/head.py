"""Heads: the last block of each stream, which prove later that no block before was changed.

Whoever owns the database can write a whole chain anew, with all its hashes. A head that was
published before, out of the owner's reach, does not fit such a chain.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy import BigInteger, Connection, cast, func, literal, select

from credit_scoring.data.artifacts import unreadable
from credit_scoring.errors import BadFile, foreign_code
from register.evidence.chain import NUMBERS, canonical
from register.tables import schema

Hex = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True)
class StreamHead:
    """The last block of a stream."""

    stream: Annotated[int, Field(ge=1)]
    number: Annotated[int, Field(ge=1, description="of the block in its stream, from 1")]
    root: Annotated[Hex, Field(description="hash of this block and, by it, of all before it")]


@dataclass(frozen=True)
class Head:
    """The last blocks of all streams."""

    at: Annotated[datetime, Field(description="the time of reading, in UTC")]
    head: Annotated[Hex, Field(description="hash of the streams' blocks")]
    streams: Sequence[StreamHead]

    @classmethod
    def of(cls, streams: Sequence[StreamHead]) -> "Head":
        """The head of some streams, read now."""
        return cls(datetime.now(UTC), head_hash(streams), streams)


def head_hash(streams: Sequence[StreamHead]) -> str:
    """The hash of the last blocks of all streams, in the order of the streams."""
    values = [value for one in streams for value in (one.stream, one.number, one.root)]
    return hashlib.sha256(canonical(["head", *values])).hexdigest()


def read_head(connection: Connection) -> Head:
    """The present head of the register."""
    block, stream, any_block = schema.block.c, schema.stream.c, schema.block.alias().c
    numbers = literal(NUMBERS, BigInteger)
    first = cast(stream.id, BigInteger) * numbers
    last = (
        select(func.max(any_block.id))
        .where(any_block.id > first, any_block.id < first + numbers)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(block.id, block.root)
        .join_from(schema.stream, schema.block, block.id == last)
        .order_by(block.id)
    )
    return Head.of([_stream_head(row.id, row.root) for row in rows])


def _stream_head(block: int, root: bytes) -> StreamHead:
    stream, number = divmod(block, NUMBERS)
    return StreamHead(stream, number, root.hex())


def read_head_file(path: Path) -> Head:
    """A head that was published before, from the JSON of `GET /register/head`.

    Raises:
        BadFile: the file cannot be read, is not a head, or was changed.
    """
    with foreign_code(str(path), unreadable):
        text = path.read_bytes()
    try:
        head = TypeAdapter(Head).validate_json(text)
    except ValidationError as error:
        raise BadFile(str(path), "is not a head of a register") from error
    if head_hash(head.streams) != head.head:
        raise BadFile(str(path), "its hash is not that of its streams")
    return head
