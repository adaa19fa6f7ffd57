"""What a worker has made of a folder, and how it takes new files into use."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from serving.errors import abridged
from serving.folder_watcher import Fingerprint, FolderWatcher, fingerprint_of
from serving.worker_registry import WorkerRegistry

log = logging.getLogger(__name__)


class HasState(Protocol):
    """What is made of a folder, and tells so."""

    def state(self) -> dict[str, Any]:
        """What the other workers are told of it."""


T = TypeVar("T", bound=HasState)


class ReloadedFolder(Generic[T]):
    """A folder of files and `current`, what was made of it: the one reference that a reload swaps.

    gunicorn's SIGHUP would end the whole server where the new files are bad.
    """

    def __init__(
        self,
        folder: Path,
        files: Sequence[str],
        read: Callable[[frozenset[str]], T],
        bad: type[Exception],
        registry: WorkerRegistry,
        in_use: Callable[[T], object] = lambda _: None,
    ) -> None:
        """Read the files.

        Args:
            folder: holds the files.
            files: their names; some may be absent.
            read: makes something of them, given the names of those that are gone: that were there
                before, or that another worker has read.
            bad: what `read` raises where the files are of no use.
            registry: where this worker is known to the others.
            in_use: is told of what `read` made when the watch begins and after each swap.

        Raises:
            Exception: whatever `read` raises.
        """
        self._folder = folder
        self._files = files
        self._read = read
        self._bad = bad
        self._registry = registry
        self._in_use = in_use
        self.refused: str | None = None  # why the files now in the folder are not in use
        self._fingerprint = self._look()
        self._present = self._files_in(self._fingerprint)
        others = {name for other in registry.others() for name in other["files"]}
        self.current = read(frozenset(others - self._present))
        self._tell()

    def state(self) -> dict[str, Any]:
        """What this worker has in use, as every worker tells it."""
        return self.current.state() | {"files": sorted(self._present)}

    def workers(self) -> list[dict[str, Any]]:
        """What each process of the server has in use; nothing where there is one alone."""
        return self._registry.workers()

    def differences(self) -> dict[str, Any]:
        """Why the files now in the folder are not in use, in this worker or another.

        With what all workers have in use, where another one is not of the same mind.
        """
        others, state = self._registry.others(), self.state()
        found: dict[str, Any] = {}
        reasons = (f"by another worker: {other['refused']}" for other in others if other["refused"])
        if refused := self.refused or next(reasons, None):
            found["refused"] = refused
        if any(other | state != other for other in others):
            found["workers"] = self._registry.workers()
        return found

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Take new files into use for as long as the block runs; then be known no longer."""
        watcher = FolderWatcher(self._look, self._fingerprint, self.reload, self._report)
        watcher.start()
        self._in_use(self.current)
        yield
        watcher.stop()
        self._registry.leave()

    def reload(self) -> bool:
        """Take the files now in the folder into use; whether that was possible.

        One worker after the other, so that processors are left for requests.
        """
        with self._registry.turn():
            return self._reload()

    def _reload(self) -> bool:
        fingerprint = self._look()
        present = self._files_in(fingerprint)
        try:
            current = self._read(self._present - present)
        except self._bad as problem:
            self._refuse(str(problem))
            return False
        # Files that changed while they were read may be of two makes: the watcher looks again.
        if self._look() == fingerprint:
            self.current, self.refused = current, None
            self._fingerprint, self._present = fingerprint, present
            self._tell()
            self._in_use(current)
        return True

    def _look(self) -> Fingerprint:
        return fingerprint_of(self._folder, self._files)

    def _files_in(self, fingerprint: Fingerprint) -> frozenset[str]:
        pairs = zip(self._files, fingerprint, strict=True)
        return frozenset(name for name, found in pairs if found is not None)

    def _tell(self) -> None:
        """Let the other workers know what this one has in use, and what it refused."""
        self._registry.tell(self.state() | {"refused": self.refused})

    def _refuse(self, reason: str) -> None:
        """Go on with the files in use."""
        if reason != self.refused:
            log.warning("%s: new files are not taken into use: %s", self._folder, reason)
        self.refused = reason
        self._tell()

    def _report(self, fault: BaseException) -> None:
        """Log a fault that a reload ended with, and go on with the files in use."""
        log.critical("a reload failed", exc_info=fault)
        self._refuse(f"a fault of the service: {type(fault).__name__}: {abridged(fault)}")
