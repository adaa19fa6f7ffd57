"""Deletions that were recorded: erasures, retirements of rows, and expiry of audit values."""

from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, TypeAdapter, ValidationError
from sqlalchemy import Connection, select

from register.evidence.chain import Block
from register.tables import schema
from register.tables.column_types import EPOCH

ERASE, RETIRE, EXPIRE = "erase", "retire", "retire_audit"  # kinds of events


@dataclass(frozen=True)
class RetireDetail:
    """The `detail` of an event of kind `RETIRE`.

    Attributes:
        before: rows of blocks before this time were deleted.
        rows: number of rows that were deleted in later blocks, by block.
    """

    before: AwareDatetime
    rows: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ExpireDetail:
    """The `detail` of an event of kind `EXPIRE`.

    Attributes:
        before: audit values of decisions before this time were deleted.
    """

    before: AwareDatetime


DETAIL = TypeAdapter(RetireDetail)
EXPIRE_DETAIL = TypeAdapter(ExpireDetail)


@dataclass(frozen=True, eq=False)
class Retirements:
    """The rows that may be missing in their blocks.

    Attributes:
        before: rows of blocks before this time may all be missing.
        removed: number of rows that were deleted in later blocks, by block.
    """

    before: AwareDatetime
    removed: Counter[int]

    def most_missing(self, block: Block) -> int:
        """The number of rows that a block may lack."""
        return block.count if block.at < self.before else self.removed[block.id]


def read_retirements(connection: Connection) -> Retirements:
    """All retirements, from their events."""
    before, removed = EPOCH, Counter[int]()
    event = schema.event.c
    for detail in connection.scalars(select(event.detail).where(event.kind == RETIRE)):
        with suppress(ValidationError):  # of one that was changed, as its hash tells
            found = DETAIL.validate_json(detail)
            before = max(before, found.before)
            removed.update(found.rows)
    return Retirements(before, removed)


def audit_expiry(connection: Connection) -> datetime:
    """The time before which decisions may lack their audit values, from the events."""
    before, event = EPOCH, schema.event.c
    for detail in connection.scalars(select(event.detail).where(event.kind == EXPIRE)):
        with suppress(ValidationError):  # of one that was changed, as its hash tells
            before = max(before, EXPIRE_DETAIL.validate_json(detail).before)
    return before


def erased_among(connection: Connection, decisions: Collection[UUID]) -> set[UUID]:
    """Select decisions whose data were erased according to events."""
    event = schema.event.c
    where = (event.kind == ERASE) & event.decision.in_(decisions)
    return set(connection.scalars(select(event.decision).where(where)))
