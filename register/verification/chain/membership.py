"""`Membership`: whether the rows of all tables are exactly those that their blocks were made of.

Rows come in the order of their ids, as those of one block do. So a block is complete when a row
comes whose id is greater than the last id of the block, and only few blocks are open at a time.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, Table, select

from register.evidence.chain import LEAF, NUMBERS, Block, Row, row_hash, rows_hash
from register.reading.pages import rows_of
from register.tables import schema
from register.verification.deletions import Retirements, read_retirements
from register.verification.problems import Problems, block_name

ELSEWHERE = "is not one of the rows that its block was made of"


@dataclass(frozen=True, eq=False)
class FoundRow:
    """A row of a chained table.

    Attributes:
        table: of the row.
        id: of the row.
        hash: of its present content.
    """

    table: Table
    id: UUID
    hash: bytes

    @property
    def name(self) -> str:
        """The row in words."""
        return f"{self.table.name} {self.id}"


@dataclass(eq=False)
class Membership:
    """Compares rows with blocks.

    Attributes:
        numbers: the last number of each stream to look at; later blocks were added meanwhile.
        problems: gets the problems.
        missing: rows that are missing, and whose deletion was recorded.
    """

    numbers: Mapping[int, int]
    problems: Problems
    missing: int = 0
    _retirements: Retirements | None = None  # as last read
    _open: dict[int, list[FoundRow]] = field(default_factory=dict)  # rows by block
    _blocks: dict[int, Block] = field(default_factory=dict)  # that are open
    _ends: list[tuple[UUID, int]] = field(default_factory=list)  # last ids of open blocks
    _seen: dict[int, bytearray] = field(default_factory=lambda: defaultdict(bytearray))  # bits

    def add(self, connection: Connection, rows: Sequence[tuple[Table, Row]]) -> None:
        """Take some rows of any tables.

        Args:
            connection: to the register.
            rows: in the order of their ids, after all earlier ones.
        """
        blocks = self._fetched(connection, {row["block"] for _, row in rows})
        for table, row in rows:
            found = FoundRow(table, row["id"], row_hash(table, row))
            self._close_before(connection, found.id)
            block = row["block"]
            if block in self._open:
                self._open[block].append(found)
            elif block not in blocks:
                self.problems.add(found.name, f"{block_name(block)} does not exist")
            elif self.has_seen(block):
                self.problems.add(found.name, ELSEWHERE)
            elif self.is_known(block):
                self._begin(block, blocks[block], found)

    def finish(self, connection: Connection) -> None:
        """Compare the blocks that are still open, after the last row."""
        self._close_before(connection, None)

    def is_known(self, block: int) -> bool:
        """False for a block that was added meanwhile."""
        stream, number = divmod(block, NUMBERS)
        return number <= self.numbers.get(stream, 0)

    def has_seen(self, block: int) -> bool:
        """True if a row of this block was there."""
        stream, number = divmod(block, NUMBERS)
        bits, at = self._seen[stream], number >> 3
        return at < len(bits) and bool(bits[at] >> (number & 7) & 1)

    def compare(
        self, connection: Connection, block_id: int, block: Block, rows: Sequence[FoundRow]
    ) -> None:
        """Compare a block with all its rows, in the order of their ids."""
        digests = [row.hash for row in rows]
        if digests and rows_hash(digests) == block.rows:
            return
        expected = Counter(leaves_of(block))
        strange = []
        for row in rows:
            if expected[row.hash[:LEAF]]:
                expected[row.hash[:LEAF]] -= 1
            else:
                strange.append(row)
        added = len(rows) > block.count
        for row in strange:
            self.problems.add(row.name, "was added or changed" if added else "was changed")
        missing = block.count - len(rows)
        if missing > 0:
            allowed = self._most_missing(connection, block, missing)
            self.missing += min(missing, allowed)
            if missing > allowed:
                gaps = missing_ids(block, rows)
                problem = f"{missing} of its {block.count} rows missing{gaps}"
                self.problems.add(block_name(block_id), problem)
        elif not strange:
            self.problems.add(block_name(block_id), "its rows have other hashes than it has")

    def _most_missing(self, connection: Connection, block: Block, missing: int) -> int:
        """The number of rows that a block may lack; read again if a block seems to lack more."""
        known = self._retirements.most_missing(block) if self._retirements else 0
        if known < missing:
            self._retirements = read_retirements(connection)
            known = self._retirements.most_missing(block)
        return known

    def _begin(self, block_id: int, block: Block, row: FoundRow) -> None:
        stream, number = divmod(block_id, NUMBERS)
        bits, at = self._seen[stream], number >> 3
        bits.extend(bytes(max(0, at + 1 - len(bits))))
        bits[at] |= 1 << (number & 7)
        self._open[block_id] = [row]
        self._blocks[block_id] = block
        heapq.heappush(self._ends, (max(block.last, row.id), block_id))

    def _close_before(self, connection: Connection, row: UUID | None) -> None:
        """Compare the blocks that end before a row's id; all without one."""
        while self._ends and (row is None or self._ends[0][0] < row):
            block_id = heapq.heappop(self._ends)[1]
            block, rows = self._blocks.pop(block_id), self._open.pop(block_id)
            self.compare(connection, block_id, block, rows)

    def _fetched(self, connection: Connection, ids: set[int]) -> dict[int, Block]:
        """Blocks by id, of those that are not open."""
        wanted = schema.block.c.id.in_(ids - self._open.keys())
        rows = rows_of(connection, select(schema.block).where(wanted))
        return {row["id"]: block_of(row) for row in rows}


def block_of(row: Row) -> Block:
    """The block in a row of `schema.block`; the columns `id` and `root` are not looked at."""
    return Block(**{name: row[name] for name in Block.__dataclass_fields__})


def leaves_of(block: Block) -> list[bytes]:
    """The first bytes of the hash of each row of a block, in the order of their ids."""
    return [block.leaves[at : at + LEAF] for at in range(0, len(block.leaves), LEAF)]


def missing_ids(block: Block, rows: Sequence[FoundRow]) -> str:
    """The ids of the first and the last row of a block, in words, if they are missing."""
    present = {row.id for row in rows}
    ends = dict.fromkeys([block.first, block.last])
    gone = [str(end) for end in ends if end not in present]
    return f", among them {' and '.join(gone)}" if gone else ""
