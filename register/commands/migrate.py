"""`python -m register migrate`: makes the tables, or brings them to this release."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from register import migrations
from register.database.database import Database, stored_revision
from register.database.grants import KINDS, grants
from register.database.opening import register_database
from register.database.partitions import (
    AHEAD,
    LOCK,
    default_months,
    later,
    make_partitions,
)
from register.errors import UnusableRegister
from register.settings import RegisterSettings

HELP = "make the tables of the register, or bring them to this release"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    rights = {"writer": "read and insert, as the service does", "reader": "read, for reports"}
    for kind in KINDS:
        parser.add_argument(
            f"--{kind}", metavar="ROLE", help=f"let a role of PostgreSQL {rights[kind]}"
        )


def run(options: argparse.Namespace, settings: RegisterSettings) -> int:
    """Migrate the register of the settings; gives the exit code."""
    roles = {kind: role for kind in KINDS if (role := getattr(options, kind))}
    with closing(register_database(settings)) as database:
        if roles and database.name != "postgresql":
            raise UnusableRegister("only PostgreSQL has roles")
        for line in [*migrate(database), *give_rights(database, roles)]:
            sys.stdout.write(line + "\n")
    return 0


def migrate(database: Database) -> Iterator[str]:
    """Bring a database to this release. Two calls at once are safe, a second one changes nothing.

    Yields:
        Lines that say what was done.

    Raises:
        UnusableRegister: the database is of a newer release, or cannot lie there.
        RegisterAway: it does not answer.
    """
    database.create()
    partitions = list[str]()
    with database.maintenance() as connection:
        if database.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        before = stored_revision(connection)
        upgrade(connection)
        after = stored_revision(connection)
        if database.name == "postgresql":
            today = datetime.now(UTC).date()
            ahead = {later(today, months) for months in range(AHEAD + 1)}
            for month in sorted(ahead | default_months(connection)):
                partitions += make_partitions(connection, month)
    if after == before:
        yield f"the tables are of revision {after} already"
    else:
        yield f"the tables are of revision {after} now; before: {before or 'none'}"
    if partitions:
        yield f"partitions made: {', '.join(partitions)}"


def upgrade(connection: Connection) -> None:
    """Apply all migrations that a database lacks, in the connection's transaction.

    Raises:
        UnusableRegister: the database is of a revision that this release does not know.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise UnusableRegister(f"the register is of another release: {error}") from error


def give_rights(database: Database, roles: dict[str, str]) -> Iterator[str]:
    """Give roles their rights; see `grants`.

    Args:
        database: in PostgreSQL, with tables.
        roles: names of roles by kind.

    Yields:
        Lines that say what was done.

    Raises:
        UnusableRegister: a role does not exist.
    """
    exists = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
    for kind, role in roles.items():
        with database.maintenance() as connection:
            if not connection.scalar(exists, {"role": role}):
                raise UnusableRegister(f"PostgreSQL has no role {role}")
            quote = connection.dialect.identifier_preparer.quote_identifier
            for statement in grants(kind, role, quote):
                connection.exec_driver_sql(statement)
        yield f"{role} has the rights of a {kind}"
