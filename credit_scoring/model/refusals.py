"""Search for the rows that a model refuses among rows that it accepts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=Exception)


@dataclass(frozen=True, eq=False)
class Taken(Generic[T]):
    """Rows that were accepted in one attempt.

    Attributes:
        rows: their indices.
        result: of the attempt.
    """

    rows: range
    result: T


@dataclass(frozen=True, eq=False)
class Refused(Generic[E]):
    """A row that was refused in an attempt of its own.

    Attributes:
        row: its index.
        error: the reason.
    """

    row: int
    error: E


def attempts(
    rows: range, attempt: Callable[[range], T], refusal: type[E]
) -> Iterator[Taken[T] | Refused[E]]:
    """Attempt all rows in one call, and bisect refused ranges down to single rows.

    Args:
        rows: indices of rows.
        attempt: works on a range of rows.
        refusal: the error by which `attempt` refuses rows.
    """
    found: Taken[T] | Refused[E]
    try:
        found = Taken(rows, attempt(rows))
    except refusal as error:
        found = Refused(rows.start, error)
    if isinstance(found, Taken) or len(rows) <= 1:
        yield found
        return
    middle = len(rows) // 2
    for half in (rows[:middle], rows[middle:]):
        yield from attempts(half, attempt, refusal)
