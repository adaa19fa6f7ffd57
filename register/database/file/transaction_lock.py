"""A lock between processes around each transaction that writes to SQLite.

SQLite's own waiting polls with sleeps of up to 100 ms; `flock` wakes the next process at once.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Thread

from register.errors import RegisterAway

WAITS = "register lock"  # the name of a thread


class TransactionLock:
    """A `flock` on a file. One thread of a process uses it at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._condition = Condition()
        self._waits = False  # a thread is in flock
        self._wanted = self._granted = False

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """Hold the lock.

        Args:
            seconds: the longest wait.

        Raises:
            RegisterAway: another process held it all the time, or the file cannot be opened.
        """
        self._acquire(seconds)
        try:
            yield
        finally:
            fcntl.flock(self._file(), fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file, unless a thread still waits for it."""
        with self._condition:
            if self._descriptor is not None and not self._waits:
                os.close(self._descriptor)
                self._descriptor = None

    def _file(self) -> int:
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise RegisterAway(f"the register's lock file: {error.strerror}") from None
        return self._descriptor

    def _acquire(self, seconds: float) -> None:
        descriptor = self._file()
        with self._condition:
            if not self._waits:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    # flock knows no time limit, so another thread waits in it.
                    self._waits = True
                    Thread(target=self._wait, args=[descriptor], name=WAITS, daemon=True).start()
                else:
                    return
            self._wanted = True
            granted = self._condition.wait_for(lambda: self._granted, seconds)
            self._wanted = self._granted = False
        if not granted:
            raise RegisterAway("another process holds the register's lock")

    def _wait(self, descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with self._condition:
            self._waits = False
            self._granted = self._wanted
            if self._wanted:
                self._condition.notify()
            else:
                fcntl.flock(descriptor, fcntl.LOCK_UN)
