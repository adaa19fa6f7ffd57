"""`References`: times of decisions by the lender's own numbers, in 24 bytes for each."""

from array import array
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from register.tables.column_types import EPOCH, MICROSECOND, microseconds

DIGEST = 8  # bytes; two of ten million numbers have the same one with a chance of 3 in a million


def digest(reference: str) -> int:
    """A hash of a number."""
    return int.from_bytes(blake2b(reference.encode(), digest_size=DIGEST).digest(), "little")


@dataclass(eq=False)
class References:
    """Numbers of decisions, in the order of their files."""

    _digests: "array[int]" = field(default_factory=lambda: array("Q"))
    _times: "array[int]" = field(default_factory=lambda: array("q"))
    _lines: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, reference: str, at: datetime, line: int) -> None:
        """Take a decision.

        Args:
            reference: its number.
            at: its time, in UTC.
            line: its line; rising within a file.
        """
        self._digests.append(digest(reference))
        self._times.append(microseconds(at))
        self._lines.append(line)

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self._digests)

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        return np.argsort(np.frombuffer(self._digests, np.uint64), kind="stable")

    @cached_property
    def _sorted(self) -> NDArray[np.uint64]:
        return np.frombuffer(self._digests, np.uint64)[self._order]

    def repeated(self) -> list[tuple[int, int]]:
        """Index and line of each decision whose number an earlier one has; no other is added."""
        same = self._sorted[1:] == self._sorted[:-1]
        return [(at, self._lines[at]) for at in sorted(self._order[1:][same].tolist())]

    def time(self, reference: str) -> datetime | None:
        """The time of the decision with a number; None without one; no other is added."""
        wanted = np.uint64(digest(reference))
        at = int(np.searchsorted(self._sorted, wanted))
        if at == len(self._sorted) or self._sorted[at] != wanted:
            return None
        return EPOCH + self._times[int(self._order[at])] * MICROSECOND
