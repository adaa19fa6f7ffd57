"""Expiry of audit values, whose time may be shorter than that of their decisions.

An event in the transaction of each deletion has the time before which values were deleted: a
decision that is older may lack them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, delete, func, select

from register.database.database import Database
from register.reading.pages import beyond
from register.retention.decision_keys import DecisionKey, find_keys
from register.retention.holds import Holds
from register.reviews import lock
from register.store import Store
from register.tables import schema
from register.writing.entry import Entry

EXPIRE = "retire_audit"  # the kind of the events
CHUNK = 1_000  # decisions of one transaction
READING_SECONDS = 600.0


@dataclass
class AuditExpiry:
    """Numbers of audit values that expire.

    Attributes:
        before: the time before which audit values of decisions go.
        decisions: whose values go.
        values: that go.
        held: decisions that keep theirs because of a legal hold.
    """

    before: datetime
    decisions: int = 0
    values: int = 0
    held: int = 0


def count_expiry(database: Database, before: datetime) -> AuditExpiry:
    """Count the audit values that `expire_audit` would delete.

    Raises:
        RegisterAway: the register does not answer.
    """
    found = AuditExpiry(before)
    with database.reading(READING_SECONDS) as connection:
        holds = Holds.read(connection)
        for decisions in _old(connection, before):
            free = [one for one in decisions if not holds.forbid(one)]
            values = select(func.count()).select_from(schema.audit).where(*_of(free))
            found.decisions += len(free)
            found.values += connection.scalar(values) or 0 if free else 0
            found.held += len(decisions) - len(free)
    return found


def expire_audit(store: Store, caller: str, before: datetime) -> AuditExpiry:
    """Delete audit values of old decisions, except of those under a legal hold; blocks.

    Other processes go on writing meanwhile. A second call goes on where the first one failed.

    Args:
        store: the register.
        caller: the name in the events.
        before: the beginning of the first month whose values stay.

    Raises:
        RegisterAway: the register does not answer.
    """
    found, place = AuditExpiry(before), None
    while True:
        with store.database.reading(READING_SECONDS) as connection:
            decisions = next(_old(connection, before, place), None)
            holds = Holds.read(connection)
        if decisions is None:
            break
        place = decisions[-1]
        free = [one for one in decisions if not holds.forbid(one)]
        done = _expire(store, caller, before, free) if free else AuditExpiry(before)
        found.decisions += done.decisions
        found.values += done.values
        found.held += len(decisions) - done.decisions
    store.database.checkpoint()
    return found


def _expire(
    store: Store, caller: str, before: datetime, decisions: Sequence[DecisionKey]
) -> AuditExpiry:
    """Delete the audit values of some decisions, unless a hold comes meanwhile."""
    event, done = store.event(caller, EXPIRE), AuditExpiry(before)
    rows = [(table, dict(row)) for table, row in event.rows]
    delete_all = partial(_delete, decisions=decisions, done=done, event=rows[0][1])
    store.writer.put(Entry.of(event.at, rows, before=delete_all)).result()
    return done


def _delete(
    connection: Connection,
    decisions: Sequence[DecisionKey],
    done: AuditExpiry,
    event: dict[str, Any],
) -> None:
    lock(connection)
    holds = Holds.read(connection)
    free = [one for one in decisions if not holds.forbid(one)]
    done.decisions = len(free)
    done.values = 0
    if free:
        done.values = connection.execute(delete(schema.audit).where(*_of(free))).rowcount
    detail = {"before": done.before.isoformat(), "decisions": len(free), "values": done.values}
    event["detail"] = orjson.dumps(detail).decode()


def _old(
    connection: Connection, before: datetime, after: DecisionKey | None = None
) -> Iterator[Sequence[DecisionKey]]:
    """Old decisions that have audit values, in chunks and in the order of their ids."""
    audit, decision = schema.audit.c, schema.decision.c
    key = [audit.decision, audit.at]
    while True:
        place = [] if after is None else [beyond(key, [after.id, after.at])]
        wanted = select(*key).where(audit.at < before, *place).distinct().order_by(*key)
        found = connection.execute(wanted.limit(CHUNK)).all()
        if not found:
            return
        times = [at for _, at in found]
        known = find_keys(
            connection,
            decision.id.in_([one for one, _ in found]),
            decision.at.between(min(times), max(times)),
        )
        by_key = {(one.id, one.at): one for one in known}
        # `verify` tells of values whose decision is missing; they go too.
        keys = [by_key.get((one, at)) or DecisionKey(one, at, None, 0) for one, at in found]
        yield keys
        after = keys[-1]


def _of(decisions: Sequence[DecisionKey]) -> list[ColumnElement[bool]]:
    """The conditions of the audit values of some decisions, one or more."""
    times = [one.at for one in decisions]
    return [
        schema.audit.c.decision.in_([one.id for one in decisions]),
        schema.audit.c.at.between(min(times), max(times)),  # which partitions need
    ]
