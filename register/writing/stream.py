"""The stream of blocks that one process appends to the register."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, insert, select

from register.database.database import CommitUnknown, Database
from register.errors import RegisterAway, RegisterError
from register.evidence.chain import GENESIS, Block, block_id, row_hash
from register.tables import schema
from register.tables.column_types import EPOCH
from register.writing.backend import Backend
from register.writing.entry import Entry, KeyTaken, Row

CHAINED = frozenset(schema.CHAINED)

Refusals = Mapping[Entry, RegisterError]  # entries that a transaction left out


@dataclass(frozen=True, eq=False)
class Doubt:
    """A commit that the database did not confirm.

    Attributes:
        block: of the commit.
        refusals: entries that it left out.
        decisions: number of decisions that it has.
        began: when it was begun, on the clock of `time.perf_counter`.
    """

    block: Block
    refusals: Refusals
    decisions: int
    began: float


@dataclass(eq=False)
class _Batch:
    """Rows of one transaction, inserted in the order of their entries."""

    database: Database
    connection: Connection
    block: int
    hashes: dict[UUID, bytes] = field(default_factory=dict)
    waiting: dict[Table, list[Row]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Take an entry's rows."""
        for table, row in entry.rows:
            rows = self.waiting.setdefault(table, [])
            if table in CHAINED:
                self.hashes[row["id"]] = row_hash(table, row)
                rows.append({**row, "block": self.block})
            else:
                rows.append(row)

    def flush(self) -> None:
        """Insert the rows taken so far."""
        self.database.insert_all(self.connection, self.waiting)
        self.waiting.clear()


@dataclass(frozen=True, eq=False)
class _Place:
    """The end of a stream.

    Attributes:
        stream: its id.
        at: the time of its start.
        head: its last block known to be in the database; None without any.
    """

    stream: int
    at: datetime
    head: Block | None = None

    def row(self) -> dict[str, Any]:
        """The row of `schema.stream`."""
        return {"id": self.stream, "at": self.at}

    def next(self, hashes: Mapping[UUID, bytes]) -> Block:
        """The next block, of some rows."""
        number, previous = 1, GENESIS
        if self.head is not None:
            number, previous = self.head.number + 1, self.head.root
        return Block.of(self.stream, number, datetime.now(UTC), previous, hashes)

    @property
    def next_id(self) -> int:
        """The id of the next block."""
        return block_id(self.stream, 1 if self.head is None else self.head.number + 1)


NOWHERE = _Place(0, EPOCH)  # no stream has this id


class Stream:
    """The stream of blocks of one process, used by one thread.

    After each error of the database, and in the beginning, `resume` has to succeed before `append`
    is called. It begins another stream if the database does not have this one as it was left: it
    was restored from a backup, say.

    A connection that ends in COMMIT leaves a doubt. The server may still commit, even after the
    connection is gone, as long as its process lives. So `resume` ends that process first. Then the
    block of the doubtful commit is in the database for good, or it will never be.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._place = NOWHERE
        self._doubt: Doubt | None = None
        self._backend: Backend | None = None  # that `resume` has found

    @property
    def id(self) -> int:
        """The stream's id, which changes if the database is not as this process left it."""
        return self._place.stream

    def append(self, entries: Sequence[Entry], commit_begins: Callable[[], None]) -> Refusals:
        """Write entries in one transaction, as one block.

        Args:
            entries: one or more, without two of the same key.
            commit_begins: called before COMMIT is sent; an exception of it rolls back.

        Returns:
            The entries that were not written, because their key is taken or `before` refused them.

        Raises:
            RegisterAway: nothing was written.
            CommitUnknown: it may have been written; `resume` tells.
            SQLAlchemyError: a fault of this program; nothing was written.
        """
        block, began = None, time.perf_counter()
        refusals: dict[Entry, RegisterError] = {}
        try:
            with self._database.writing() as connection:
                if Backend.of(connection) != self._backend:
                    # Perhaps to a server that was restored from a backup.
                    raise RegisterAway("the connection is a new one")
                batch = _Batch(self._database, connection, self._place.next_id)
                self._take(entries, batch, refusals)
                if batch.hashes:
                    block = self._place.next(batch.hashes)
                    batch.waiting[schema.block] = [block.row()]
                batch.flush()
                commit_begins()
        except CommitUnknown:
            made = sum(entry.decisions for entry in entries if entry not in refusals)
            self._doubt = None if block is None else Doubt(block, refusals, made, began)
            raise
        if block is not None:
            self._place = replace(self._place, head=block)
        return refusals

    def _take(
        self, entries: Sequence[Entry], batch: _Batch, refusals: dict[Entry, RegisterError]
    ) -> None:
        """Insert keys, and have the rows of entries inserted; add those left out to `refusals`."""
        # The keys first: two processes that hold locks of `before` would wait for each other.
        keys = [entry.key.row(entry.at) for entry in entries if entry.key]
        new = self._database.insert_keys(batch.connection, keys) if keys else set()
        for entry in entries:
            if entry.key and entry.key.name not in new:
                refusals[entry] = KeyTaken("this Idempotency-Key is recorded already")
                continue
            if entry.before:
                batch.flush()
                try:
                    entry.before(batch.connection)
                except RegisterAway:
                    raise
                except RegisterError as refusal:
                    refusals[entry] = refusal
                    continue
            batch.add(entry)

    def resume(self) -> Doubt | None:
        """Find out what the database has, at the start and after an error, and register the stream.

        Returns:
            The doubtful commit if it was made; None without a doubt, and if it was not made.

        Raises:
            RegisterAway: the database does not answer, or refuses to write.
            UnusableRegister: it has not the tables of this release.
        """
        self._database.check()
        with self._database.writing() as connection:
            backend, earlier = Backend.of(connection), self._backend
            if earlier and earlier != backend:
                earlier.end(connection)
            roots = self._roots(connection)
            made = self._doubt if self._doubt and self._doubt.block.root in roots else None
            place = replace(self._place, head=made.block) if made else self._place
            if self._is_there(connection, place, roots):
                # Writes nothing, but fails if the database takes no row.
                self._database.insert(connection, schema.stream, [place.row()])
            else:
                place = self._registered(connection)
        self._place, self._doubt, self._backend = place, None, backend
        return made

    def _roots(self, connection: Connection) -> set[bytes]:
        """Roots of the last block and the doubtful one, as far as the database has them."""
        doubtful = self._doubt.block if self._doubt else None
        ids = [block.id for block in (self._place.head, doubtful) if block]
        found = connection.scalars(select(schema.block.c.root).where(schema.block.c.id.in_(ids)))
        return {bytes(root) for root in found} if ids else set()

    @staticmethod
    def _is_there(connection: Connection, place: _Place, roots: set[bytes]) -> bool:
        """True if the database has the stream up to a place."""
        wanted = select(schema.stream.c.at).where(schema.stream.c.id == place.stream)
        if connection.scalar(wanted) != place.at:
            return False
        return place.head is None or place.head.root in roots

    @staticmethod
    def _registered(connection: Connection) -> _Place:
        """The place of a new stream."""
        at = datetime.now(UTC)
        row = insert(schema.stream).values(at=at).returning(schema.stream.c.id)
        return _Place(connection.execute(row).scalar_one(), at)
