"""PostgreSQL's partitions of old months: once they are empty, they are dropped."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from register.database.database import Database
from register.database.partitions import PARTITIONED, later
from register.errors import RegisterAway

MONTH = re.compile(r"_(\d{4})_(\d{2})")
# DROP TABLE stops all readers and writers until it has its lock, so it must not wait for long.
LOCK_TIMEOUT = "500ms"


def drop_empty_partitions(
    database: Database, before: datetime, tables: Sequence[str] = PARTITIONED
) -> list[str]:
    """Drop the empty partitions of months that end before a time; gives their names.

    A partition that readings keep busy stays for the next time, and so does one with held
    decisions.

    Args:
        database: SQLite has no partitions.
        before: the beginning of a month.
        tables: whose partitions are dropped.

    Raises:
        RegisterAway: the register does not answer.
    """
    if database.name != "postgresql":
        return []
    with database.reading() as connection:
        old = [name for name in _partitions(connection, tables) if _end(name) <= before]
    return [name for name in old if _drop(database, name)]


def _partitions(connection: Connection, tables: Sequence[str]) -> list[str]:
    """The partitions of months of some tables, without the default ones."""
    wanted = text(
        "SELECT child.relname FROM pg_inherits"
        " JOIN pg_class child ON child.oid = inhrelid"
        " JOIN pg_class parent ON parent.oid = inhparent"
        " WHERE parent.oid = to_regclass(:table) ORDER BY child.relname"
    )
    return [
        name
        for table in tables
        for name in connection.scalars(wanted, {"table": table})
        if MONTH.fullmatch(name.removeprefix(table))
    ]


def _end(partition: str) -> datetime:
    """The end of a partition's month."""
    year, month = map(int, partition.split("_")[-2:])
    following = later(datetime(year, month, 1, tzinfo=UTC).date(), 1)
    return datetime(following.year, following.month, 1, tzinfo=UTC)


def _drop(database: Database, partition: str) -> bool:
    """Drop a partition if it is empty and idle; gives true if it is gone."""
    is_full = text(f"SELECT EXISTS (SELECT FROM {partition})")  # noqa: S608
    try:
        with database.maintenance() as connection:
            if connection.scalar(is_full):
                return False
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            connection.execute(text(f"LOCK TABLE {partition} IN ACCESS EXCLUSIVE MODE"))
            if connection.scalar(is_full):
                return False
            connection.execute(text(f"DROP TABLE {partition}"))
    except RegisterAway:
        return False
    return True
