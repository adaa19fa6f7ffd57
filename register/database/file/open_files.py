"""The files of SQLite that this process has open, which somebody may remove or replace meanwhile.

SQLite does not notice: it goes on writing to a file that has no name any more. It finds the log
``-wal`` by its name only: with another file in the place of the former one it would write pages of
the former one into it (https://sqlite.org/howtocorrupt.html, sections 1.4 and 4).
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

from register.errors import RegisterAway

LOG, INDEX = "-wal", "-shm"
OPEN = "SELECT count(*) FROM sqlite_schema"  # a connection opens the log when it reads first

GONE = "the register's file was removed"
REPLACED = "the register's file was replaced"
NO_LOG = "the register's log was removed or replaced: stop the service, which then saves it"
FOREIGN_LOG = (
    "the register's file is another one than that of the files -wal and -shm beside it: move these"
    " away, or remove -lock if all of them were copied together"
)

Identity = tuple[int, int]  # of a file: device and inode

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Opened:
    """Identities of the files of open connections; the log's are None where there was none."""

    file: Identity
    log: Identity | None
    index: Identity | None


class OpenFiles:
    """The files that connections of one object have open.

    The file ``-lock`` holds the inode of the file to which the log belongs.
    """

    def __init__(self, path: Path, lock_file: Path) -> None:
        """Begin with no connection.

        Args:
            path: the database.
            lock_file: which the caller locks around each transaction that writes.
        """
        self.path, self._lock_file = path, lock_file
        self._lock = Lock()
        self._opened: _Opened | None = None
        self._connections = 0

    @property
    def problem(self) -> str | None:
        """Why connections must not be used: their files are not those at the path any more."""
        opened = self._opened
        if opened is None:
            return None
        file = identity(self.path)
        if file != opened.file:
            return GONE if file is None else REPLACED
        if opened.log is None:  # the database had another journal when it was opened
            self._opened = replace(opened, log=self._beside(LOG), index=self._beside(INDEX))
        elif (opened.log, opened.index) != (self._beside(LOG), self._beside(INDEX)):
            return NO_LOG
        return None

    def check(self) -> None:
        """Check that the files of open connections are those at the path.

        Raises:
            RegisterAway: they were removed or replaced.
        """
        if problem := self.problem:
            raise RegisterAway(problem)

    def check_log(self) -> None:
        """Check that no log of another file lies beside the database.

        Raises:
            RegisterAway: one does; a connection would damage the database.
        """
        file = identity(self.path)
        recorded = self._recorded()
        if recorded not in ("", inode_text(file)) and any(
            self._beside(end) for end in (LOG, INDEX)
        ):
            raise RegisterAway(FOREIGN_LOG)

    def connect(self, connect: Callable[[], Any]) -> Any:
        """A new connection, which has the files at the path open.

        Args:
            connect: makes it.

        Raises:
            RegisterAway: it would have other files open than those before, or another file's log.
        """
        self.check()
        if self._opened is None:
            self.check_log()
        before = identity(self.path)
        connection = connect()
        with ExitStack() as on_error:
            on_error.callback(connection.close)
            connection.execute(OPEN).fetchone()
            file = identity(self.path)
            if file is None or file != before:
                raise RegisterAway(REPLACED)
            self._record(file)
            with self._lock:
                self._opened = _Opened(file, self._beside(LOG), self._beside(INDEX))
                self._connections += 1
            on_error.pop_all()
        return connection

    def closes(self, _: object, __: object) -> None:
        """Count a connection that is closed; after the last one the files are forgotten."""
        with self._lock:
            self._connections -= 1
            if not self._connections:
                self._opened = None

    @contextmanager
    def left(self) -> Iterator[None]:
        """Forget files that were replaced, and take their log away from the new file.

        The caller holds the lock; in the block it empties the log and closes the connections. A log
        that could not be emptied keeps its content under the name ``-wal-of-INODE``.
        """
        former = self._opened
        yield
        self._opened, file = None, identity(self.path)
        if former is None or file is None or former.file == file:
            return
        if former.log is not None and former.log == self._beside(LOG):
            own = self._name(LOG)
            if own.stat().st_size:
                kept = self._name(f"{LOG}-of-{former.file[1]}")
                own.rename(kept)
                log.warning("the log of the register's former file is kept as %s", kept)
            else:
                own.unlink()
        if former.index is not None and former.index == self._beside(INDEX):
            self._name(INDEX).unlink()
        self._record(file)

    def _name(self, end: str) -> Path:
        return self.path.with_name(self.path.name + end)

    def _beside(self, end: str) -> Identity | None:
        return identity(f"{self.path}{end}")

    def _recorded(self) -> str:
        """The inode of the file to which the log belongs; empty if that is not known."""
        try:
            return self._lock_file.read_text()
        except OSError:
            return ""

    def _record(self, file: Identity) -> None:
        if self._recorded() != inode_text(file):
            with suppress(OSError):  # of who may only read, for example
                self._lock_file.write_text(inode_text(file))


def identity(path: Path | str) -> Identity | None:
    """The identity of a file; None if there is none, or the folder cannot be read."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a fifth of the time of Path.stat
    except OSError:
        return None
    return found.st_dev, found.st_ino


def inode_text(file: Identity | None) -> str:
    """The text of a file's inode. The number of a device may change when the machine starts."""
    return f"{file[1]}\n" if file else ""
