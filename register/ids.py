"""Ids of rows: UUIDs of version 7 (RFC 9562), ascending within a process even if its clock is not.

The time in them orders them roughly. It is not the time of a decision, which has a column.
"""

import secrets
import time
from threading import Lock
from uuid import UUID

COUNTER_BITS = 12
RANDOM_BITS = 62


class Ids:
    """Makes ids, each greater than all earlier ones of this object."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last = 0  # milliseconds since 1970, then the counter

    def new(self) -> UUID:
        """A new id."""
        with self._lock:
            now = time.time_ns() // 1_000_000 << COUNTER_BITS
            self._last = max(now, self._last + 1)
            milliseconds, counter = divmod(self._last, 1 << COUNTER_BITS)
        bits = milliseconds << 80 | 7 << 76 | counter << 64 | 2 << 62
        return UUID(int=bits | secrets.randbits(RANDOM_BITS))
