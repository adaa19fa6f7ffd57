"""Retirement: decisions of whole months go when their time is over, and the chain stays whole.

An event in the transaction of each deletion says which blocks lack rows:

- A block that is older than the event's ``before`` may lack any of its rows.
- Another block lacks as many rows as ``rows`` has for it, summed over all events: reviews and
  outcomes come later than their decision, and a block later than its first decision.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import Connection, Table, delete, func, select, tuple_

from register.database.database import Database
from register.database.partitions import later, month_start
from register.errors import RegisterAway, RegisterError
from register.retention.decision_keys import DecisionKey, find_keys
from register.retention.holds import Holds
from register.reviews import lock
from register.store import Store
from register.tables import schema
from register.writing.entry import Entry

RETIRE = "retire"  # the kind of the events
CHUNK = 500  # decisions of one transaction
ATTEMPTS = 5
READING_SECONDS = 600.0

BESIDE = (schema.evidence, schema.audit, schema.shadow)  # rows with a decision's id and time
FOLLOWING = (schema.review_request, schema.review, schema.outcome)  # rows about a decision


@dataclass(frozen=True)
class Retirement:
    """Numbers of rows that retirement deletes.

    Attributes:
        before: the time before which decisions go.
        held: decisions that stay because of a legal hold.
        rows: number of rows by table.
    """

    before: datetime
    held: int
    rows: Mapping[str, int]


class _Overtaken(RegisterError):
    """A review, an outcome or a hold came meanwhile."""


@dataclass(frozen=True)
class _Chunk:
    """Decisions, and the rows about them, that go in one transaction.

    Attributes:
        decisions: one or more.
        following: blocks of the rows about them, by table and id.
        blocks: number of all these rows in blocks that are not old, by block.
    """

    decisions: Sequence[DecisionKey]
    following: Mapping[Table, Mapping[UUID, int]]
    blocks: Mapping[int, int]


def retirement_time(now: datetime, months: int) -> datetime:
    """The time before which decisions may go: some whole months before this one."""
    return month_start(later(now.date(), -months))


def count_retirement(database: Database, before: datetime) -> Retirement:
    """Count the rows that `retire` would delete.

    Raises:
        RegisterAway: the register does not answer.
    """
    rows: Counter[str] = Counter()
    held = 0
    with database.reading(READING_SECONDS) as connection:
        holds = Holds.read(connection)
        for decisions in _old(connection, before):
            free = [row for row in decisions if not holds.forbid(row)]
            held += len(decisions) - len(free)
            rows["decision"] += len(free)
            ids = [row.id for row in free]
            for table in (*BESIDE, schema.note, *FOLLOWING):
                number = select(func.count()).where(table.c.decision.in_(ids))
                rows[table.name] += connection.execute(number).scalar_one()
    return Retirement(before, held, rows)


def retire(store: Store, caller: str, before: datetime) -> Retirement:
    """Delete old decisions and all rows about them, except those under a legal hold; blocks.

    Other processes go on writing meanwhile. A second call goes on where the first one failed.

    Args:
        store: the register.
        caller: the name in the events.
        before: the beginning of the first month that stays.

    Raises:
        RegisterAway: the register does not answer.
    """
    rows: Counter[str] = Counter()
    held = 0
    place = None
    while True:
        with store.database.reading(READING_SECONDS) as connection:
            decisions = next(_old(connection, before, place), None)
        if decisions is None:
            break
        place = decisions[-1].at, decisions[-1].id
        removed = _retire_chunk(store, caller, before, decisions)
        held += len(decisions) - removed["decision"]
        rows.update(removed)
    store.database.checkpoint()
    return Retirement(before, held, rows)


def _old(
    connection: Connection, before: datetime, after: tuple[datetime, UUID] | None = None
) -> Iterator[Sequence[DecisionKey]]:
    """Old decisions in chunks, the oldest first, from a place on."""
    table = schema.decision.c
    while True:
        place = [] if after is None else [table.at >= after[0], tuple_(table.at, table.id) > after]
        found = find_keys(connection, table.at < before, *place, limit=CHUNK)
        if not found:
            return
        yield found
        after = found[-1].at, found[-1].id


def _retire_chunk(
    store: Store, caller: str, before: datetime, decisions: Sequence[DecisionKey]
) -> Counter[str]:
    """Delete some decisions that nothing holds; gives the number of rows by table.

    Raises:
        RegisterAway: the register does not answer.
    """
    for _ in range(ATTEMPTS):
        with store.database.reading(READING_SECONDS) as connection:
            holds = Holds.read(connection)
            free = [row for row in decisions if not holds.forbid(row)]
            if not free:
                return Counter()
            chunk = _chunk(connection, free, before)
        removed: Counter[str] = Counter()
        detail = {
            "before": before.isoformat(),
            "rows": {str(k): n for k, n in chunk.blocks.items()},
        }
        event = store.event(caller, RETIRE, detail=detail)
        delete_all = partial(_delete, store.database, chunk=chunk, removed=removed)
        try:
            store.writer.put(Entry.of(event.at, event.rows, before=delete_all)).result()
        except _Overtaken:
            continue
        return removed
    raise RegisterAway("reviews or outcomes of old decisions keep coming")


def _chunk(connection: Connection, decisions: Sequence[DecisionKey], before: datetime) -> _Chunk:
    """The chunk of some decisions."""
    following = _following(connection, decisions)
    blocks = Counter(row.block for row in decisions)
    for found in following.values():
        blocks.update(found.values())
    block = schema.block.c
    wanted = select(block.id).where(block.id.in_(list(blocks)), block.at >= before)
    recent = {number: blocks[number] for number in connection.scalars(wanted)}
    return _Chunk(decisions, following, recent)


def _following(
    connection: Connection, decisions: Sequence[DecisionKey]
) -> dict[Table, dict[UUID, int]]:
    """Blocks of the rows about some decisions, by table and id."""
    ids = [row.id for row in decisions]
    return {
        table: {
            row.id: row.block
            for row in connection.execute(
                select(table.c.id, table.c.block).where(table.c.decision.in_(ids))
            )
        }
        for table in FOLLOWING
    }


def _delete(
    database: Database, connection: Connection, chunk: _Chunk, removed: Counter[str]
) -> None:
    """Delete the rows of a chunk, and count them in `removed`.

    Raises:
        _Overtaken: they are not the same rows any more; nothing was deleted.
    """
    lock(connection)
    holds = Holds.read(connection)
    if any(map(holds.forbid, chunk.decisions)):
        raise _Overtaken("a legal hold came meanwhile")
    if _following(connection, chunk.decisions) != chunk.following:
        raise _Overtaken("a review or an outcome came meanwhile")
    ids, times = [row.id for row in chunk.decisions], [row.at for row in chunk.decisions]
    removed.clear()
    with database.without_guards(connection, [schema.decision, *FOLLOWING]):
        for table in (schema.note, *FOLLOWING):
            gone = connection.execute(delete(table).where(table.c.decision.in_(ids)))
            removed[table.name] = gone.rowcount
        for table in (*BESIDE, schema.decision):
            own = table.c["id" if table is schema.decision else "decision"]
            gone = connection.execute(
                delete(table).where(
                    own.in_(ids),
                    table.c.at.between(min(times), max(times)),  # which partitions need
                )
            )
            removed[table.name] = gone.rowcount
