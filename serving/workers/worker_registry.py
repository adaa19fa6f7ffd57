"""The state of each worker of a server, shared through files with the other workers."""

import fcntl
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self

import orjson

from serving.workers.shared_folder import SHARED_FOLDER

STATE, NEW, LOCK = "worker-", "new-", "lock-"  # the files of a worker begin with these
TURN = "turn"  # locked by the worker that reloads

log = logging.getLogger(__name__)


class WorkerRegistry:
    """A state file for each worker, and a lock file that the worker holds while it lives.

    The system frees a lock when its process ends, however that happens: a state file without a
    locked one belongs to a dead worker, even if another process has its process id now.
    """

    def __init__(self, folder: Path | None) -> None:
        """Publish nothing yet.

        Args:
            folder: shared by the workers of one server only; None for a single process.
        """
        self._folder = folder
        self._name = ""
        self._lock: IO[bytes] | None = None
        self._problem: str | None = None  # reason why the others do not know this worker

    @classmethod
    def of_environment(cls) -> Self:
        """The registry in the folder that the environment names."""
        folder = os.environ.get(SHARED_FOLDER)
        return cls(Path(folder) if folder else None)

    def publish(self, state: dict[str, Any]) -> None:
        """Replace this worker's state; withdraw it if the new one cannot be written."""
        if self._folder is None:
            return
        try:
            self._write(self._folder, orjson.dumps({"pid": os.getpid()} | state))
        except OSError as error:
            self.leave()
            if error.strerror != self._problem:
                self._problem = error.strerror
                log.warning(
                    "%s: %s: the other workers do not know this one", self._folder, self._problem
                )
        else:
            self._problem = None

    def _write(self, folder: Path, state: bytes) -> None:
        """Lock this worker's lock file, once, then replace its state file."""
        if self._lock is None:
            self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
            self._lock = (folder / f"{LOCK}{self._name}").open("wb")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        new = folder / f"{NEW}{self._name}"
        new.write_bytes(state)
        new.replace(folder / f"{STATE}{self._name}")

    def workers(self) -> list[dict[str, Any]]:
        """The states of all living workers by process id, this one included."""
        return sorted(self._living(), key=lambda state: int(state["pid"]))

    def others(self) -> list[dict[str, Any]]:
        """The states of the other living workers."""
        return [state for state in self.workers() if state["pid"] != os.getpid()]

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold a lock that one worker has at a time; wait for it first."""
        with ExitStack() as held:
            if self._folder is not None:
                with suppress(OSError):  # `publish` logs the fault of the folder
                    file = held.enter_context((self._folder / TURN).open("wb"))
                    fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def leave(self) -> None:
        """Remove this worker's files."""
        if self._lock is not None and self._folder is not None:
            for kind in (STATE, NEW, LOCK):
                with suppress(OSError):  # the folder is gone, or cannot be written
                    (self._folder / f"{kind}{self._name}").unlink()
            self._lock.close()
            self._lock = None

    def _living(self) -> Iterator[dict[str, Any]]:
        """The states of living workers; the files of dead ones are removed."""
        for path in self._folder.glob(f"{STATE}*") if self._folder else ():
            lock = path.with_name(LOCK + path.name.removeprefix(STATE))
            with suppress(OSError):  # its worker leaves just now, or it cannot be removed
                if _is_locked(lock):
                    yield orjson.loads(path.read_bytes())
                else:
                    path.unlink()
                    lock.unlink(missing_ok=True)


def _is_locked(path: Path) -> bool:
    with suppress(FileNotFoundError), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
