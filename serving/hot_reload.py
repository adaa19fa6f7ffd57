"""A folder whose files are read again, when they change, while the service runs."""

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Set
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from serving.errors import abridged
from serving.workers.gunicorn_worker import giving_way, thread_beside
from serving.workers.worker_registry import WorkerRegistry

log = logging.getLogger(__name__)


class HasState(Protocol):
    """An object that describes itself to the other workers."""

    def state(self) -> dict[str, Any]:
        """The description, as JSON can hold it."""


T = TypeVar("T", bound=HasState)


class ReloadedFolder(ABC, Generic[T]):
    """A folder of files and `current`, the object that `read` made of them.

    A reload replaces that one reference. gunicorn's SIGHUP would end the whole server if the new
    files were bad.

    Attributes:
        unusable: the error of `read` for files that cannot be used.
        interval: seconds between two looks at the folder.
        retry: seconds until refused files are read again.
        refused: the reason why newer files in the folder are not in use; None if there are none.
    """

    unusable: ClassVar[type[Exception]]
    interval: ClassVar = 1.0
    retry: ClassVar = 60.0

    def __init__(self, folder: Path, registry: WorkerRegistry) -> None:
        """Read the files.

        Args:
            folder: holds the files.
            registry: shows this worker's state to the other workers.

        Raises:
            Exception: as `read` does.
        """
        self._folder = folder
        self._registry = registry
        self.refused: str | None = None
        self._used = self._seen = self._tried = self.fingerprint()
        self._retry_at = math.inf
        others = {name for other in registry.others() for name in other["files"]}
        self.current = self.read(others - self._used.keys())
        self._publish()

    @abstractmethod
    def fingerprint(self) -> Mapping[str, object]:
        """Something of each file that exists now, by its name, that changes with the file."""

    @abstractmethod
    def read(self, gone: Set[str]) -> T:
        """Make an object of the files.

        Args:
            gone: names of absent files that are in use here or in another worker.
        """

    @abstractmethod
    def prepare(self, current: T) -> None:
        """Start the slow work on an object that came into use, and return at once."""

    def workers(self) -> list[dict[str, Any]]:
        """The states of the server's processes; empty for a single process."""
        return self._registry.workers()

    def differences(self) -> dict[str, Any]:
        """The reason why newer files are not in use, in this worker or another, if there is one.

        The states of all workers are added if they differ.
        """
        others, state = self._registry.others(), self._state()
        found: dict[str, Any] = {}
        reasons = (f"by another worker: {other['refused']}" for other in others if other["refused"])
        if refused := self.refused or next(reasons, None):
            found["refused"] = refused
        if any(other | state != other for other in others):
            found["workers"] = self._registry.workers()
        return found

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take new files into use while the block runs, then leave the registry."""
        stopped, reloader = Event(), thread_beside("reloader")
        Thread(target=self._watch, args=(reloader, stopped), name="watcher", daemon=True).start()
        self.prepare(self.current)
        yield
        stopped.set()
        self._registry.leave()

    def _watch(self, reloader: Executor, stopped: Event) -> None:
        with reloader:  # keeps whatever is raised in it, so that no fault ends the watch
            while not stopped.wait(self.interval):
                if fault := reloader.submit(giving_way, self.look).exception():
                    reloader.submit(self._report, fault).exception()

    def look(self) -> None:
        """Reload the files if they changed and lie still, or if it is time to try them again."""
        before, self._seen = self._seen, self.fingerprint()
        now = time.monotonic()
        if self._seen == before and (self._seen != self._tried or now >= self._retry_at):
            self._tried, self._retry_at = self._seen, now + self.retry
            if self.reload():
                self._retry_at = math.inf

    def reload(self) -> bool:
        """Read the files, and use them if they can be used; False if they cannot.

        One worker at a time does so: processors are left for requests.
        """
        with self._registry.turn():
            fingerprint = self.fingerprint()
            try:
                current = self.read(self._used.keys() - fingerprint.keys())
            except self.unusable as problem:
                self._refuse(str(problem))
                return False
            # Files that changed meanwhile may not belong together: `look` will see the change.
            if self.fingerprint() == fingerprint:
                self.current, self.refused, self._used = current, None, fingerprint
                self._publish()
                self.prepare(current)
        return True

    def _state(self) -> dict[str, Any]:
        return self.current.state() | {"files": sorted(self._used)}

    def _publish(self) -> None:
        self._registry.publish(self._state() | {"refused": self.refused})

    def _refuse(self, reason: str) -> None:
        """Go on with the files in use."""
        if reason != self.refused:
            log.warning("%s: new files are not taken into use: %s", self._folder, reason)
        self.refused = reason
        self._publish()

    def _report(self, fault: BaseException) -> None:
        """Log a fault of the service during a reload, and go on with the files in use."""
        log.critical("a reload failed", exc_info=fault)
        self._refuse(f"a fault of the service: {type(fault).__name__}: {abridged(fault)}")
