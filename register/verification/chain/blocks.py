"""Checks of blocks: their order, their hashes, and blocks that lack all their rows."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from register.database.database import Database
from register.evidence.chain import GENESIS, LEAF, NUMBERS, Row, block_id
from register.reading.pages import SECONDS, pages
from register.tables import schema
from register.verification.chain.head import Head
from register.verification.chain.membership import Membership, block_of
from register.verification.problems import Problems, block_name


@dataclass(frozen=True)
class Before:
    """A block that comes before another one; number 0 before the first block of a stream."""

    stream: int
    number: int
    root: bytes

    def next_in(self, stream: int) -> "Before":
        """The block before the next one, which is of this stream."""
        return self if stream == self.stream else Before(stream, 0, GENESIS)


@dataclass(eq=False)
class BlockCheck:
    """Checks the blocks of all streams.

    Attributes:
        database: of the register.
        membership: has seen all rows.
        problems: gets the problems.
        blocks: number of blocks so far.
    """

    database: Database
    membership: Membership
    problems: Problems
    blocks: int = 0
    _strangers: set[int] = field(default_factory=set)  # streams that are not registered

    def check(self) -> None:
        """Check all blocks that `membership` knows, in the order of their ids."""
        before = Before(0, 0, GENESIS)
        for rows in pages(self.database, schema.block, "id"):
            with self.database.reading(SECONDS) as connection:
                for row in rows:
                    stream, number = divmod(row["id"], NUMBERS)
                    if self.membership.is_known(row["id"]):
                        self._check(connection, row, before.next_in(stream))
                        before = Before(stream, number, row["root"])
                    elif stream not in self.membership.numbers:
                        self._check_stream(connection, stream)

    def compare(self, head: Head) -> None:
        """Compare with a head that was published earlier."""
        columns = schema.block.c
        with self.database.reading(SECONDS) as connection:
            for stream in head.streams:
                of = block_id(stream.stream, stream.number)
                root = connection.scalar(select(columns.root).where(columns.id == of))
                name = block_name(of)
                if root is None:
                    self.problems.add(name, "is in the head, and is not there")
                elif root.hex() != stream.root:
                    self.problems.add(name, "has another root than in the head")

    def _check(self, connection: Connection, row: Row, before: "Before") -> None:
        self.blocks += 1
        block, number, name = block_of(row), row["id"] % NUMBERS, block_name(row["id"])
        if row["id"] != block_id(block.stream, block.number):
            self.problems.add(name, "its id, stream or number was changed")
        elif block.root != row["root"] or len(block.leaves) != LEAF * block.count:
            self.problems.add(name, "was changed")
        if number != before.number + 1:
            self.problems.add(name, f"the block before it is missing, number {number - 1}")
        elif block.previous != before.root:
            self.problems.add(name, "does not follow the block before it")
        if not self.membership.has_seen(row["id"]):
            self.membership.compare(connection, row["id"], block, [])

    def _check_stream(self, connection: Connection, stream: int) -> None:
        """Check that a stream with blocks is registered; it may have begun meanwhile."""
        if stream in self._strangers:
            return
        self._strangers.add(stream)
        if (
            connection.scalar(select(schema.stream.c.id).where(schema.stream.c.id == stream))
            is None
        ):
            self.problems.add(f"stream {stream}", "has blocks, and is not in the table of streams")
