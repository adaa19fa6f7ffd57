"""PostgreSQL's partitions of tables by month (UTC): one a month, one for all others."""

from datetime import UTC, date, datetime

from sqlalchemy import Connection, text

PARTITIONED = ("decision", "evidence", "audit", "shadow")
AHEAD = 2  # months after the present one, whose partitions exist
LOCK_WAIT = "500ms"  # half of a writer's limit
LOCK = 4_811_202_328  # of pg_advisory_xact_lock: any number that nothing else takes


def make_partitions(connection: Connection, month: date) -> list[str]:
    """Make the partitions of a month, in a transaction of the tables' owner.

    Rows of the month that the default partition has are moved: without a partition, rows go there.

    Args:
        connection: to PostgreSQL.
        month: any day of it.

    Returns:
        The names of the partitions that did not exist.

    Raises:
        sqlalchemy.exc.OperationalError: somebody reads or writes for too long; nothing was made.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    made = []
    for table in PARTITIONED:
        name = partition_name(table, month)
        if connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is None:
            make_partition(connection, table, month)
            made.append(name)
    return made


def make_partition(connection: Connection, table: str, month: date) -> None:
    """Make one partition, which does not exist, while nobody inserts into the table.

    An INSERT that had chosen the default partition would fail as soon as there is another one for
    its row. This waits for locks `LOCK_WAIT` at most: a long reading makes it fail, and no writer.
    """
    name, others = partition_name(table, month), f"{table}_default"
    bounds = {"start": month_start(month), "end": month_start(later(month, 1))}
    inside = "at >= :start AND at < :end"
    limit = connection.scalar(text("SHOW lock_timeout"))
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
    connection.exec_driver_sql(f"LOCK TABLE ONLY {table} IN SHARE ROW EXCLUSIVE MODE")
    connection.exec_driver_sql(f"LOCK TABLE {others} IN ACCESS EXCLUSIVE MODE")
    connection.exec_driver_sql(
        f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING STORAGE)"
    )
    connection.exec_driver_sql("SET LOCAL register.guards = 'off'")
    moved = f"DELETE FROM {others} WHERE {inside} RETURNING *"  # noqa: S608
    connection.execute(
        text(f"WITH moved AS ({moved}) INSERT INTO {name} SELECT * FROM moved"),  # noqa: S608
        bounds,
    )
    connection.exec_driver_sql("SET LOCAL register.guards = 'on'")
    connection.exec_driver_sql(
        f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES"
        f" FROM ('{bounds['start'].isoformat()}') TO ('{bounds['end'].isoformat()}')"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {name}"
        " FOR EACH STATEMENT EXECUTE FUNCTION register_refuse()"
    )
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{limit}'")


def default_months(connection: Connection) -> set[date]:
    """The months whose rows are in a default partition, each by its first day."""
    found = set[date]()
    for table in PARTITIONED:
        months = f"SELECT DISTINCT date_trunc('month', at) FROM {table}_default"  # noqa: S608
        found |= {moment.date() for moment in connection.scalars(text(months))}
    return found


def partition_name(table: str, month: date) -> str:
    """The name of a month's partition, such as ``decision_2026_11``."""
    return f"{table}_{month:%Y_%m}"


def later(month: date, months: int) -> date:
    """The first day of a month, some months later."""
    years, index = divmod(month.month - 1 + months, 12)
    return date(month.year + years, index + 1, 1)


def month_start(month: date) -> datetime:
    """The beginning of a month."""
    return datetime(month.year, month.month, 1, tzinfo=UTC)
