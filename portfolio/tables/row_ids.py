"""Ids of a table's rows: all are integers of 64 bits, or all are texts."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.artifacts import ID
from credit_scoring.data.table_files.client_ids import LONGEST_ID, text_id_problem

Ids = NDArray[np.int64] | NDArray[np.object_]

INTEGER = re.compile(r"\s*[+-]?[0-9]{1,19}\s*", re.ASCII)
SMALLEST, LARGEST = -(2**63), 2**63 - 1
NOT_INTEGER = "is not an integer"
DIGEST_BYTES = 16  # so long that two texts never have the same digest


def ids_in(cells: Sequence[str], *, has_text_ids: bool) -> Ids | None:
    """The ids in the cells of some rows; None if one is invalid.

    Args:
        cells: as they are written, of valid Unicode.
        has_text_ids: true if ids are texts.
    """
    if has_text_ids:
        are_valid = all(map(str.strip, cells)) and max(map(len, cells), default=0) <= LONGEST_ID
        return np.array(cells, object) if are_valid else None
    if not all(map(INTEGER.fullmatch, cells)):
        return None
    numbers = [SMALLEST, LARGEST, *map(int, cells)]
    is_in_range = (min(numbers), max(numbers)) == (SMALLEST, LARGEST)
    return np.array(numbers[2:], np.int64) if is_in_range else None


def id_problem(cell: str, *, has_text_ids: bool) -> str:
    """The reason why a row is bad because of the id in its cell; empty for a valid one."""
    if has_text_ids:
        problem = text_id_problem(cell)
        return problem and id_reason(problem)
    return id_reason(NOT_INTEGER) if ids_in([cell], has_text_ids=False) is None else ""


def id_reason(problem: str) -> str:
    """A problem with an id as the reason why a row is bad."""
    return f"column {ID}: {problem}"


def are_texts(ids: Ids) -> bool:
    """True if ids are texts."""
    return ids.dtype == np.object_


def id_keys(ids: Ids) -> NDArray[np.int64]:
    """Keys that are equal if and only if ids are, shape (rows, 1) or, for texts, (rows, 2)."""
    if not are_texts(ids):
        return ids.astype(np.int64).reshape(-1, 1)
    digests = [
        hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).digest() for text in ids.tolist()
    ]
    return np.frombuffer(b"".join(digests), np.int64).reshape(-1, 2)
