"""What each worker of a server says of itself, for the others to read."""

import fcntl
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self

import orjson

from serving.shared_folder import SHARED_FOLDER

NAMED = "worker-"
TURN = "turn"  # locked by the worker whose turn it is

log = logging.getLogger(__name__)


class WorkerRegistry:
    """A file for each worker in a folder that they share, locked for as long as the worker lives.

    The system frees a lock when its process ends, however that happens: a file without a lock is
    of a worker that is gone, whatever has its process number now.
    """

    def __init__(self, folder: Path | None) -> None:
        """Say nothing yet.

        Args:
            folder: shared by the workers of one server alone; None where there is one process.
        """
        self._folder = folder
        self._name = f"{NAMED}{os.getpid()}-{secrets.token_hex(4)}"
        self._file: IO[bytes] | None = None
        self._problem: str | None = None  # why the others do not know this worker

    @classmethod
    def of_environment(cls) -> Self:
        """The registry of this process' server, in the folder where its workers count together."""
        folder = os.environ.get(SHARED_FOLDER)
        return cls(Path(folder) if folder else None)

    def tell(self, said: dict[str, Any]) -> None:
        """Replace what this worker said before; be known no longer if that cannot be written."""
        if self._folder is None:
            return
        try:
            file = self._write(self._folder, orjson.dumps({"pid": os.getpid()} | said))
        except OSError as error:
            self.leave()
            if error.strerror != self._problem:
                self._problem = error.strerror
                log.warning(
                    "%s: %s: the other workers do not know this one", self._folder, self._problem
                )
            return
        if self._file is not None:
            self._file.close()
        self._file, self._problem = file, None

    def _write(self, folder: Path, said: bytes) -> IO[bytes]:
        """Write this worker's file; the open file holds the lock."""
        # Locked under another name first: no file of a living worker is ever seen without a lock.
        path = folder / f"new-{self._name}"
        file = path.open("wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(said)
            file.flush()
            path.replace(folder / self._name)
        except OSError:
            with suppress(OSError):
                path.unlink()
            with suppress(OSError):
                file.close()  # tries to write again
            raise
        return file

    def workers(self) -> list[dict[str, Any]]:
        """What all living workers say, by process number; this one too."""
        return sorted(self._living(), key=lambda said: int(said["pid"]))

    def others(self) -> list[dict[str, Any]]:
        """What the other living workers say."""
        return [said for said in self.workers() if said["pid"] != os.getpid()]

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other worker is in such a block, and let none begin before it ends."""
        if self._folder is None:
            yield
            return
        with ExitStack() as held:
            with suppress(OSError):  # `tell` logs the fault of the folder
                file = held.enter_context((self._folder / TURN).open("wb"))
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def leave(self) -> None:
        """Be known no longer."""
        if self._file is not None and self._folder is not None:
            with suppress(OSError):  # the folder cannot be written: the lock is freed anyway
                (self._folder / self._name).unlink()
            self._file.close()
            self._file = None

    def _living(self) -> Iterator[dict[str, Any]]:
        for path in self._folder.glob(f"{NAMED}*") if self._folder else ():
            with suppress(OSError):  # it is gone, or cannot be removed
                said = _said(path)
                if said is None:
                    path.unlink()
                else:
                    yield said


def _said(path: Path) -> dict[str, Any] | None:
    """What a worker says, None where it is gone."""
    while True:
        with path.open("rb") as file:
            if _is_locked(file):
                said: dict[str, Any] = orjson.loads(file.read())
                return said
            # A living worker lets go of a file only when it has put the next one in its place.
            if os.path.samestat(path.stat(), os.fstat(file.fileno())):
                return None


def _is_locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
