"""The thread that answers entries in time and cuts operations that hang."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Lock, Thread

from register.writing.queue.waiting import Queue, Waiting

OPERATION_SECONDS = 1.2  # of one attempt to write; then it is cut
TICK = 0.1  # seconds between two looks while something waits


@dataclass(eq=False)
class _Operation:
    """An attempt of the writer's thread to reach the database.

    Attributes:
        until: the time on the monotonic clock when it is cut.
        is_cut: true if it was cut.
    """

    until: float
    is_cut: bool = False


class Watchdog:
    """A thread that sleeps while nothing waits; else it looks at the clock now and then."""

    def __init__(
        self,
        lock: Lock,
        queue: Queue,
        on_late: Callable[[Sequence[Waiting]], None],
        on_hang: Callable[[], None],
        cut: Callable[[], None],
    ) -> None:
        """Start the thread.

        Args:
            lock: of the queue.
            queue: the entries that wait.
            on_late: called with entries whose time is up, marked as answered.
            on_hang: called before an operation is cut.
            cut: ends the operation.
        """
        self._queue = queue
        self._on_late, self._on_hang, self._cut = on_late, on_hang, cut
        self._changed = Condition(lock)
        self._sleeps = False
        self._ended = False
        self._operation: _Operation | None = None
        self._cuts = False  # the thread is in `cut`
        Thread(target=self._run, name="register watchdog", daemon=True).start()

    def wake(self) -> None:
        """Have the thread look; the caller holds the lock, and has put an entry."""
        if self._sleeps:
            self._sleeps = False
            self._changed.notify_all()

    def end(self) -> None:
        """End the thread; the caller holds the lock."""
        self._ended = True
        self._changed.notify_all()

    @property
    def has_cut(self) -> bool:
        """True if the present operation was cut; the caller holds the lock."""
        return self._operation is None or self._operation.is_cut

    @contextmanager
    def operating(self) -> Iterator[None]:
        """Cut what the writer's thread does in the block if it takes too long."""
        with self._changed:
            while self._cuts:  # the operation before: `cut` must not end this one
                self._changed.wait()
            self._operation = _Operation(time.monotonic() + OPERATION_SECONDS)
            self.wake()
        try:
            yield
        finally:
            with self._changed:
                self._operation = None

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._ended:
                    return
                if not self._queue.entries and self._operation is None:
                    self._sleeps = True
                    self._changed.wait()
                    continue
                self._changed.wait(TICK)
                late = self._queue.answer_late()
                operation = self._operation
                hangs = operation is not None and operation.until < time.monotonic()
                if operation is not None and hangs:
                    operation.is_cut = self._cuts = True
            self._on_late(late)
            if hangs:
                self._on_hang()
                self._cut()
                with self._changed:
                    self._cuts = False
                    self._changed.notify_all()
