"""Rows that a model refuses, found among rows that it takes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=Exception)


@dataclass(frozen=True, eq=False)
class Taken(Generic[T]):
    """Rows that were taken together.

    Attributes:
        rows: a range of rows.
        result: of the attempt.
    """

    rows: range
    result: T


@dataclass(frozen=True, eq=False)
class Refused(Generic[E]):
    """A row that is refused alone.

    Attributes:
        row: its index.
        error: the reason.
    """

    row: int
    error: E


def attempts(
    rows: range, attempt: Callable[[range], T], refusal: type[E]
) -> Iterator[Taken[T] | Refused[E]]:
    """Attempt rows together, and by halves if that is refused, until each refused row is alone.

    Args:
        rows: a range.
        attempt: works on a range of rows.
        refusal: the error by which it refuses rows.
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
