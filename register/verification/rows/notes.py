"""Review requests and reviews with their notes, checked one by one."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import Connection, Table, select

from register.database.database import Database
from register.evidence.chain import Row
from register.reading.pages import SECONDS, pages, rows_of
from register.tables import schema
from register.verification.deletions import erased_among
from register.verification.problems import Problems
from register.verification.rows.evidence import note_problem

OWNERS = (schema.review_request, schema.review)
MISSING = "its note is missing, and no erasure is recorded"


def rows_with_notes(database: Database, table: Table, problems: Problems) -> Iterator[Row]:
    """All rows of a table in the order of their ids, each with its note checked.

    Args:
        database: of the register.
        table: one of `OWNERS`.
        problems: gets the problems.
    """
    for rows in pages(database, table, "id"):
        with database.reading(SECONDS) as connection:
            check_notes(connection, table, rows, problems)
        yield from rows


def check_notes(
    connection: Connection, table: Table, rows: Sequence[Row], problems: Problems
) -> None:
    """Check the notes of some rows of one of `OWNERS`."""
    wanted = select(schema.note).where(schema.note.c.owner.in_([row["id"] for row in rows]))
    notes = {note["owner"]: note for note in rows_of(connection, wanted)}
    without = [row for row in rows if row["commitment"] and row["id"] not in notes]
    erased = erased_among(connection, {row["decision"] for row in without})
    for row in rows:
        note, problem = notes.get(row["id"]), None
        if note is not None:
            problem = note_problem(row, note)
        elif row["commitment"] is not None and row["decision"] not in erased:
            problem = MISSING
        if problem and (note or _is_there(connection, table, row["id"])):
            problems.add(f"{table.name} {row['id']}", problem)


def check_owners(database: Database, problems: Problems) -> None:
    """Check that each note belongs to a review request or a review."""
    for notes in pages(database, schema.note, "owner"):
        with database.reading(SECONDS) as connection:
            owners = {note["owner"] for note in notes}
            for table in OWNERS:
                owners -= set(connection.scalars(select(table.c.id).where(table.c.id.in_(owners))))
            for owner in sorted(owners):
                if connection.scalar(
                    select(schema.note.c.owner).where(schema.note.c.owner == owner)
                ):
                    problems.add(f"note {owner}", "belongs to no review request and no review")


def _is_there(connection: Connection, table: Table, row: UUID) -> bool:
    """False if the row was retired meanwhile."""
    return connection.scalar(select(table.c.id).where(table.c.id == row)) is not None
