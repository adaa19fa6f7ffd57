"""Idempotency-Keys that are too old for a repeated call."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, tuple_

from register.database.database import Database
from register.tables import schema

KEPT = timedelta(days=7)
CHUNK = 5_000  # keys of one transaction
COUNTING_SECONDS = 60.0


def prune_keys(database: Database, now: datetime) -> int:
    """Delete the keys that are older than `KEPT`; gives their number.

    Args:
        database: which no other thread of this process writes to.
        now: the present time.

    Raises:
        RegisterAway: the register does not answer; a second call goes on.
    """
    table, total = schema.idempotency, 0
    old = select(table.c.caller, table.c.key).where(table.c.at < now - KEPT).limit(CHUNK)
    while True:
        with database.maintenance() as connection:
            found = connection.execute(old).all()
            if found:
                names = [tuple(row) for row in found]
                connection.execute(
                    delete(table).where(tuple_(table.c.caller, table.c.key).in_(names))
                )
        total += len(found)
        if len(found) < CHUNK:
            return total


def count_old_keys(database: Database, now: datetime) -> int:
    """The number of keys that `prune_keys` would delete.

    Raises:
        RegisterAway: the register does not answer.
    """
    table = schema.idempotency.c
    wanted = select(func.count()).where(table.at < now - KEPT)
    with database.reading(COUNTING_SECONDS) as connection:
        return connection.execute(wanted).scalar_one()
