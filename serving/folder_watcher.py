"""Noticing that the files of a folder changed, apart from what is done then."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread

from serving.gunicorn_worker import giving_way, thread_beside

INTERVAL = 1.0  # seconds between two looks at the folder
RETRY = 60.0  # seconds until files that were refused are tried again

Fingerprint = tuple[tuple[int, ...] | None, ...]

log = logging.getLogger(__name__)


def fingerprint_of(folder: Path, files: Sequence[str]) -> Fingerprint:
    """What changes when a file is written, replaced, or opened to others; None for one not there.

    The time of change counts beside that of writing: the latter can be kept (``cp -p``), and
    changed permissions leave it as it is.
    """
    found: list[tuple[int, ...] | None] = []
    for name in files:
        try:
            status = (folder / name).stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino))
    return tuple(found)


class FolderWatcher(Thread):
    """Calls a function each time that files have changed and lie still."""

    def __init__(
        self,
        look: Callable[[], Fingerprint],
        seen: Fingerprint,
        act: Callable[[], bool],
        report: Callable[[BaseException], None],
        interval: float = INTERVAL,
        retry: float = RETRY,
    ) -> None:
        """Set what to watch.

        Args:
            look: gives the fingerprint of the files.
            seen: that of the files in use.
            act: takes the files into use; False where it could not, and is to be called again.
            report: gets whatever `act` raised, which then counts as False.
            interval: seconds between two looks.
            retry: seconds until `act` is called again after it gave False.
        """
        super().__init__(name="watcher", daemon=True)
        self._look = look
        self._act = act
        self._report = report
        self._interval = interval
        self._retry = retry
        self._stopped = Event()
        self._reloader = thread_beside("reloader")
        self._seen = self._tried = seen
        self._retry_at = math.inf

    def run(self) -> None:
        """Watch until `stop`, whatever is raised meanwhile."""
        # An executor keeps what is raised in it, so that no fault ends this thread. What acts gives
        # way to requests.
        with self._reloader as reloader:
            while not self._stopped.wait(self._interval):
                fault = reloader.submit(giving_way, self.turn).exception()
                if fault and (another := reloader.submit(self._report, fault).exception()):
                    log.critical("a fault could not be reported", exc_info=another)

    def stop(self) -> None:
        """End the watch, after what it does just now."""
        self._stopped.set()

    def turn(self) -> None:
        """Look at the files; act where they changed and lie still, or are to be tried again."""
        before, self._seen = self._seen, self._look()
        if self._seen != before:
            return
        now = time.monotonic()
        if self._seen != self._tried or now >= self._retry_at:
            self._tried, self._retry_at = self._seen, now + self._retry
            if self._act():
                self._retry_at = math.inf
