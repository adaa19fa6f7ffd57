"""The log of outages: one line when the register goes away, and one when it is back."""

import logging
import time
from threading import Lock

log = logging.getLogger(__name__)


class OutageLog:
    """Logs outages; any thread may use it.

    Attributes:
        reason: of the outage that goes on; empty without one.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._began: float | None = None
        self._refused = 0
        self.reason = ""

    def begin(self, reason: str) -> None:
        """Log the reason of an outage, unless it goes on."""
        with self._lock:
            if self._began is not None:
                return
            self._began = time.monotonic()
            self.reason = reason
            self._refused = 0
        log.error("the register is away, calls that record are refused: %s", reason)

    def count(self) -> None:
        """Count a refused call."""
        with self._lock:
            self._refused += 1

    def end(self) -> None:
        """Log the end of an outage, if there is one."""
        with self._lock:
            if self._began is None:
                return
            seconds = time.monotonic() - self._began
            self._began = None
            self.reason = ""
        log.warning("the register is back after %.1f s; refused calls: %d", seconds, self._refused)
