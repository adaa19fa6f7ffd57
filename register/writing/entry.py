"""Entries of the register: rows that are written together or not at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table

from register.errors import RegisterError
from register.tables import schema

COLUMN_BYTES = 16  # of a value other than text and bytes

Row = Mapping[str, Any]


class KeyTaken(RegisterError):
    """The entry's key is recorded already; nothing was written."""


class Unwritable(RuntimeError):
    """The database refuses an entry, by a fault of this program; nothing was written."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Key:
    """The Idempotency-Key of a call, and what a repeated call needs.

    Attributes:
        caller: the caller's name; each caller has own keys.
        key: as the caller sent it.
        fingerprint: SHA-256 of the call's query and body.
        decisions: ids of the call's decisions, in the order of its applications; or the id of its
            review request.
        is_list: true if the body was a list.
    """

    caller: str
    key: str
    fingerprint: bytes
    decisions: tuple[UUID, ...]
    is_list: bool

    @property
    def name(self) -> tuple[str, str]:
        """The caller and the key, which are unique together."""
        return self.caller, self.key

    def row(self, at: datetime) -> dict[str, Any]:
        """The row of `schema.idempotency`."""
        return {
            "caller": self.caller,
            "key": self.key,
            "fingerprint": self.fingerprint,
            "decisions": b"".join(decision.bytes for decision in self.decisions),
            "list": self.is_list,
            "at": at,
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Entry:
    """Rows that are written together or not at all.

    Attributes:
        rows: tables and their rows, which have all columns except `block`; the writer adds it.
        at: the time of the call, in UTC.
        size: of the rows in bytes, roughly.
        key: of the call; None without one.
        before: called in the transaction, after the rows of earlier entries and before those of
            this one are inserted. A `RegisterError` refuses this entry, unless it is a
            `RegisterAway`. It may be called again for the same entry, whose rows it may change. The
            key of an entry that it refuses is taken all the same.
    """

    rows: Sequence[tuple[Table, Row]]
    at: datetime
    size: int
    key: Key | None = None
    before: Callable[[Connection], None] | None = None

    @classmethod
    def of(
        cls,
        at: datetime,
        rows: Sequence[tuple[Table, Row]],
        key: Key | None = None,
        before: Callable[[Connection], None] | None = None,
    ) -> "Entry":
        """An entry, whose size is computed."""
        size = sum(_size(row) for _, row in rows)
        return cls(rows=rows, at=at, size=size, key=key, before=before)

    @property
    def decisions(self) -> int:
        """The number of its decisions."""
        return sum(table is schema.decision for table, _ in self.rows)


def _size(row: Row) -> int:
    return sum(
        len(value) if isinstance(value, bytes | str) else COLUMN_BYTES for value in row.values()
    )
