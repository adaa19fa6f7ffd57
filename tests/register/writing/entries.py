"""Entries to write, and what a register then has."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select

from register.database.database import Database
from register.errors import RegisterError
from register.evidence.chain import GENESIS, Block, row_hash
from register.ids import Ids
from register.tables import schema
from register.writing.decision_rows import DecisionCall, RecordedApplication, decisions_entry
from register.writing.entry import Entry, Key
from register.writing.queue.observer import Observer
from register.writing.queue.waiting import Reason
from tests.support.servers.server import wait_for

IDS = Ids()
RECORD = b"[1.5,null,-0.0]"
ANSWER = b'{"id":"x","probability":0.25}'


class Seen(Observer):
    """Keeps what it learns of a writer.

    Attributes:
        decisions, seconds: of each commit.
        reasons: of each refusal.
        entries: numbers of those that waited, one after the other.
    """

    def __init__(self) -> None:
        self.decisions: list[int] = []
        self.seconds: list[float] = []
        self.reasons: list[Reason] = []
        self.entries: list[int] = []

    def committed(self, decisions: int, seconds: float) -> None:
        """Keep a commit."""
        self.decisions.append(decisions)
        self.seconds.append(seconds)

    def refused(self, reason: Reason) -> None:
        """Keep a refusal."""
        self.reasons.append(reason)

    def waiting(self, entries: int) -> None:
        """Keep a number of entries."""
        self.entries.append(entries)


def keep_bundle(database: Database) -> int:
    """The id of a bundle in an empty register."""
    at = datetime.now(UTC)
    row = {"sha256": sha256(b"{}").digest(), "at": at, "model": bytes(32), "description": "{}"}
    with database.writing() as connection:
        added = insert(schema.bundle).values(row).returning(schema.bundle.c.id)
        return connection.execute(added).scalar_one()


def application(**values: Any) -> RecordedApplication:
    """A scored application."""
    found = {
        "id": IDS.new(),
        "subject": bytes(16),
        "reference": None,
        "client": 100_001,
        "external_id": None,
        "probability": 0.25,
        "margin": -1.0986122886681098,
        "pd": 0.08,
        "points": 540,
        "grade": "B",
        "prediction": 0,
        "record": RECORD,
        "answer": ANSWER,
    }
    return RecordedApplication(**found | values)


def call(bundle: int, **values: Any) -> DecisionCall:
    """A call of now."""
    found = {
        "caller": "anyone",
        "request_id": "request",
        "at": datetime.now(UTC),
        "bundle": bundle,
        "threshold": 0.5,
        "compare": "accepted",
        "automated": True,
        "reasons": 0,
        "quick": None,
    }
    return DecisionCall(**found | values)


def decisions(bundle: int, count: int = 1, key: Key | None = None, **values: Any) -> Entry:
    """An entry of some decisions."""
    return decisions_entry(call(bundle), [application(**values) for _ in range(count)], key)


def keyed(bundle: int, key: str, caller: str = "anyone") -> Entry:
    """An entry of one decision with an Idempotency-Key."""
    decision = IDS.new()
    of_call = Key(
        caller=caller, key=key, fingerprint=bytes(32), decisions=(decision,), is_list=False
    )
    return decisions(bundle, key=of_call, id=decision)


def event(before: Callable[[Connection], None] | None = None) -> Entry:
    """An entry of one event."""
    at = datetime.now(UTC)
    row = {
        "id": IDS.new(), "at": at, "caller": "anyone", "kind": "test", "decision": None,
        "subject": None, "detail": "{}",
    }  # fmt: skip
    return Entry.of(at, [(schema.event, row)], before=before)


def ids_of(entry: Entry) -> list[UUID]:
    """Ids of an entry's chained rows."""
    return [row["id"] for table, row in entry.rows if table in schema.CHAINED]


def outcomes(futures: Sequence[Future[None]]) -> list[str]:
    """Names of the errors of futures, in order; "" for none."""
    found = [future.exception(60) for future in futures]
    return ["" if error is None else type(error).__name__ for error in found]


def error_of(future: Future[None]) -> RegisterError:
    """The error of a future."""
    error = future.exception(60)
    assert isinstance(error, RegisterError), error
    return error


def recorded(database: Database) -> dict[UUID, int]:
    """Ids of all chained rows, with their blocks; each row stands in a block that tells so."""
    with database.reading(30) as connection:
        checked_chain(connection)
        return {
            row["id"]: row["block"]
            for table in schema.CHAINED
            for row in connection.execute(select(table.c.id, table.c.block)).mappings()
        }


def count(database: Database, table: schema.Table) -> int:
    """The number of rows of a table."""
    with database.reading(30) as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def checked_chain(connection: Connection) -> None:
    """Check each block and stream, in the plain way."""
    hashes: dict[int, dict[UUID, bytes]] = defaultdict(dict)
    for table in schema.CHAINED:
        for row in connection.execute(select(table)).mappings():
            hashes[row["block"]][row["id"]] = row_hash(table, row)
    streams = set(connection.scalars(select(schema.stream.c.id)))
    previous = dict.fromkeys(streams, (0, GENESIS))
    for row in connection.execute(select(schema.block).order_by(schema.block.c.id)).mappings():
        number, root = previous[row["stream"]]
        block = Block.of(row["stream"], number + 1, row["at"], root, hashes.pop(row["id"]))
        assert block.row() == dict(row), (block.row(), dict(row))
        previous[row["stream"]] = (block.number, block.root)
    assert not hashes, "rows without a block"


def states(get: Callable[[], str], wanted: str) -> None:
    """Wait for a state."""
    wait_for(lambda: get() == wanted)
