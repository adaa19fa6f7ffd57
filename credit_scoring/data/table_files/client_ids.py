"""Ids of clients: whole numbers if all ids of a table are, else texts as they are written."""

import re
from collections.abc import Sequence

from credit_scoring.data.artifacts import ID
from credit_scoring.data.table_files.cells import MISSING_TEXTS
from credit_scoring.errors import BadFile, is_unicode

ClientId = int | str
ClientIds = Sequence[ClientId]

LONGEST_ID = 100  # characters
# Without leading zeros, which a number would lose.
WHOLE_NUMBER = re.compile(r"\s*[+-]?(0|[1-9][0-9]{0,19})\s*", re.ASCII)
SMALLEST_NUMBER, LARGEST_NUMBER = -(2**63), 2**64 - 1


def client_ids(file: str, cells: Sequence[str]) -> ClientIds:
    """The ids of a table's clients.

    Args:
        file: the name of the table's file.
        cells: the texts of the column, as they are written.

    Raises:
        BadFile: an id is empty or too long, a whole number is missing, or two clients have the
            same id.
    """
    ids: ClientIds | None = _whole_numbers(cells)
    if ids is None:
        _check_texts(file, cells)
        ids = list(cells)
    first: dict[ClientId, int] = {}
    for row, client in enumerate(ids, 1):
        if (before := first.setdefault(client, row)) != row:
            raise BadFile(file, f"column {ID}: rows {before} and {row} have the same id")
    return ids


def first_text(cells: Sequence[str]) -> int:
    """The number of the first row whose id is a text, from 1, in a table whose ids are texts."""
    return next(row for row, cell in enumerate(cells, 1) if not _is_whole_number(cell))


def text_id_problem(text: str) -> str:
    """The problem with a text as an id; empty for a valid one."""
    if not text.strip():
        return "is empty"
    if len(text) > LONGEST_ID:
        return f"is longer than {LONGEST_ID} characters"
    return "" if is_unicode(text) else "is not UTF-8"


def _whole_numbers(cells: Sequence[str]) -> list[int] | None:
    """The numbers in the cells of a column; None if a cell is not a whole number of 64 bits."""
    if not all(map(WHOLE_NUMBER.fullmatch, cells)):
        return None
    numbers = list(map(int, cells))
    is_in_range = min(numbers) >= SMALLEST_NUMBER and max(numbers) <= LARGEST_NUMBER
    return numbers if is_in_range else None


def _is_whole_number(cell: str) -> bool:
    return _whole_numbers([cell]) is not None


def _check_texts(file: str, cells: Sequence[str]) -> None:
    """Check the ids of a table in which one is not a whole number.

    Raises:
        BadFile: an id is invalid as a text, or stands for a missing one among whole numbers.
    """
    for row, cell in enumerate(cells, 1):
        if problem := text_id_problem(cell):
            raise BadFile(file, f"column {ID}: row {row} {problem}")
    texts = [row for row, cell in enumerate(cells, 1) if not _is_whole_number(cell)]
    if len(texts) < len(cells) and all(cells[row - 1] in MISSING_TEXTS for row in texts):
        raise BadFile(file, f"column {ID}: row {texts[0]} is missing")
