"""Guards: triggers by which the database refuses changes of recorded rows; `migrate` makes them."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from register.database.database import Database
from register.database.partitions import PARTITIONED
from register.reading.pages import SECONDS
from register.tables import schema
from register.verification.problems import Problems

KEPT = (*schema.CHAINED, schema.block, schema.pepper, schema.reference_scores)  # only INSERT

# PostgreSQL's pg_trigger.tgtype
ROW, BEFORE, DELETE, UPDATE, TRUNCATE = 1, 2, 8, 16, 32
NO_UPDATE = ROW | BEFORE | UPDATE

FOUND = text("""
    SELECT pg_class.relname AS table, tgname AS name, tgtype AS events,
           tgenabled IN ('O', 'A') AS works,
           proname = 'register_refuse' AND tgqual IS NULL AS refuses
    FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid
    JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE pg_table_is_visible(tgrelid)
""")
PARTITIONS = text("""
    SELECT parent.relname AS parent, child.relname AS name
    FROM pg_inherits
    JOIN pg_class parent ON parent.oid = inhparent
    JOIN pg_class child ON child.oid = inhrelid
    WHERE parent.relname = ANY(:tables) AND parent.relkind = 'p' AND pg_table_is_visible(parent.oid)
""")


@dataclass(frozen=True, order=True)
class Guard:
    """A trigger on a table or a partition, by its name."""

    table: str
    name: str


def check_guards(database: Database, problems: Problems) -> None:
    """Check that no guard is missing, turned off, or changed."""
    with database.reading(SECONDS) as connection:
        of_kind = sqlite_faults if database.name == "sqlite" else postgresql_faults
        faults = dict(of_kind(connection))
    for guard, fault in sorted(faults.items()):
        problems.add(f"guard {guard.name} of {guard.table}", fault)


def sqlite_guards() -> dict[Guard, str]:
    """Each guard of SQLite, and the statement that makes it."""
    found = {}
    for table in (*KEPT, *schema.ERASABLE):
        for action in ("UPDATE", "DELETE") if table in KEPT else ("UPDATE",):
            name = f"{table.name}_no_{action.lower()}"
            found[Guard(table.name, name)] = (
                f"CREATE TRIGGER {name} BEFORE {action} ON {table.name}"
                f" BEGIN SELECT RAISE(ABORT, '{table.name}: {action} is refused'); END"
            )
    return found


def postgresql_guards(partitions: list[tuple[str, str]]) -> dict[Guard, int]:
    """Each guard of PostgreSQL, and its events.

    Args:
        partitions: pairs of a table and a partition of it.
    """
    found = {}
    for table in (*KEPT, *schema.ERASABLE):
        name = table.name
        events = NO_UPDATE | DELETE if table in KEPT else NO_UPDATE
        parts = [part for parent, part in partitions if parent == name]
        for one in (name, *parts):  # a partition has a copy of its table's guard of rows
            found[Guard(one, f"{name}_refuse")] = events
            found[Guard(one, f"{one}_no_truncate")] = BEFORE | TRUNCATE
    return found


def sqlite_faults(connection: Connection) -> Iterator[tuple[Guard, str]]:
    """The guards of SQLite that do not work."""
    triggers = text("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
    there = {Guard(table, name): made for table, name, made in connection.execute(triggers)}
    for guard, made in sqlite_guards().items():
        if guard not in there:
            yield guard, "is missing"
        elif there[guard] != made:
            yield guard, "was changed"


def postgresql_faults(connection: Connection) -> Iterator[tuple[Guard, str]]:
    """The guards of PostgreSQL that do not work."""
    there = {Guard(row.table, row.name): row for row in connection.execute(FOUND)}
    rows = connection.execute(PARTITIONS, {"tables": list(PARTITIONED)})
    for guard, events in postgresql_guards([(row.parent, row.name) for row in rows]).items():
        found = there.get(guard)
        if found is None:
            yield guard, "is missing"
        elif found.events != events or not found.refuses:
            yield guard, "was changed"
        elif not found.works:
            yield guard, "is turned off"
