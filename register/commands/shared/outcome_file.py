"""A CSV file of outcomes, read in chunks, each row checked."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import get_args
from uuid import UUID

from credit_scoring.data.artifacts import unreadable
from credit_scoring.errors import BadFile
from register.outcomes import OutcomeItem
from register.stored import OutcomeStatus

CHUNK = 1_000  # rows
IDENTIFIERS = ("decision", "reference")  # a file has one of these columns
COLUMNS = ("status", "observed", "definition")
LONGEST_DEFINITION = 40  # characters
STATUSES: Mapping[str, OutcomeStatus] = {status: status for status in get_args(OutcomeStatus)}
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True)
class Chunk:
    """Some rows of the file.

    Attributes:
        items: those that can be recorded.
        rows: the number of each in the file, from 1; the header does not count.
        bad: the problem of each other row, by its number.
    """

    items: list[OutcomeItem] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    bad: dict[int, str] = field(default_factory=dict)


class _BadRow(ValueError):
    """A row cannot be recorded; the message has no value of it."""


def outcome_chunks(path: Path) -> Iterator[Chunk]:
    """The rows of a file.

    Raises:
        BadFile: it cannot be read, or has other columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = next(rows, [])
            _check_header(path.name, header)
            numbered = ((number, row) for number, row in enumerate(rows, 1) if row)
            while some := list(islice(numbered, CHUNK)):
                yield _chunk(header, some)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadFile(path.name, unreadable(error)) from error


def _check_header(name: str, header: Sequence[str]) -> None:
    """Check the columns.

    Raises:
        BadFile: they are not those of outcomes.
    """
    identifiers = [column for column in header if column in IDENTIFIERS]
    if len(identifiers) != 1 or sorted(header) != sorted([*identifiers, *COLUMNS]):
        raise BadFile(
            name,
            f"the columns must be {', '.join(COLUMNS)}, and {' or '.join(IDENTIFIERS)}",
        )


def _chunk(header: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> Chunk:
    chunk = Chunk()
    for number, cells in rows:
        try:
            item = _item(header, cells)
        except _BadRow as problem:
            chunk.bad[number] = str(problem)
        else:
            chunk.items.append(item)
            chunk.rows.append(number)
    return chunk


def _item(header: Sequence[str], cells: Sequence[str]) -> OutcomeItem:
    """The outcome in a row.

    Raises:
        _BadRow: a cell is not what its column needs.
    """
    if len(cells) != len(header):
        raise _BadRow(f"has {len(cells)} fields, the header {len(header)}")
    row = dict(zip(header, cells, strict=True))
    decision, reference = row.get("decision"), row.get("reference")
    if reference is not None and not reference:
        raise _BadRow("reference is empty")
    if not 0 < len(row["definition"]) <= LONGEST_DEFINITION:
        raise _BadRow(f"definition must have 1 to {LONGEST_DEFINITION} characters")
    if "\0" in row["definition"]:
        raise _BadRow("definition has a character that cannot be recorded")
    if row["status"] not in STATUSES:
        raise _BadRow(f"status is not one of {', '.join(STATUSES)}")
    return OutcomeItem(
        decision=None if decision is None else _decision(decision),
        reference=reference,
        status=STATUSES[row["status"]],
        observed=_day(row["observed"]),
        definition=row["definition"],
    )


def _decision(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise _BadRow("decision is not the id of a decision") from error


def _day(text: str) -> date:
    problem = "observed is not a date, such as 2026-11-28"
    if not DATE.fullmatch(text):
        raise _BadRow(problem)
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _BadRow(problem) from error
    if day > datetime.now(UTC).date() + timedelta(days=1):  # it is tomorrow already in the east
        raise _BadRow("observed is in the future")
    return day
