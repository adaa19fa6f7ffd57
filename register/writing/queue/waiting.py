"""Entries that wait to be written: bounded, each with a time limit."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal, Protocol

from register.errors import KeyInFlight, RegisterAway, RegisterError
from register.writing.entry import Entry

MOST_ENTRIES = 4_000
MOST_BYTES = 64_000_000
MOST_SECONDS = 1.4  # from `put` to an answer, and a tick of the watchdog
BATCH_ROWS = 2_000
BATCH_BYTES = 8_000_000

AWAY = "the register's database does not answer"
UNKNOWN = (
    f"{AWAY}: it is not known if this call was recorded; sent again with its Idempotency-Key, it"
    " is recorded once"
)
FULL = "too many calls wait for the register"
IN_FLIGHT = "a call with the same Idempotency-Key is not answered yet"

Reason = Literal["away", "full", "late", "in_flight", "fault"]


class Reply(Protocol):
    """Takes the result of an entry, once and in any thread; futures are replies."""

    def set_result(self, result: None, /) -> None:
        """The entry is written."""

    def set_exception(self, exception: Exception, /) -> None:
        """The entry is not written, or it is not known if it is."""


def uncancellable() -> Future[None]:
    """A future whose caller cannot cancel it: its entry may be in a transaction already."""
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()
    return future


@dataclass(eq=False, slots=True)
class Waiting:
    """An entry that waits.

    Attributes:
        entry: the entry.
        until: the time on the monotonic clock when its caller is refused.
        reply: takes the result after COMMIT.
        answered: true if a thread has taken it on itself to give the result.
        sent: true if it is in a transaction whose COMMIT was sent and did not fail for certain.
    """

    entry: Entry
    reply: Reply
    until: float = field(default_factory=lambda: time.monotonic() + MOST_SECONDS)
    answered: bool = False
    sent: bool = False

    def complete(self, refusal: RegisterError | None) -> None:
        """Give the result after COMMIT, an error for an entry that was left out."""
        if refusal is None:
            self.reply.set_result(None)
        else:
            self.reply.set_exception(refusal)

    def refuse(self, reason: Reason) -> None:
        """Give the error for a reason other than a fault."""
        error: RegisterAway | KeyInFlight
        if reason == "in_flight":
            error = KeyInFlight(IN_FLIGHT)
        elif reason == "full":
            error = RegisterAway(FULL)
        else:
            error = RegisterAway(UNKNOWN if self.sent else AWAY)
        self.reply.set_exception(error)


class Queue:
    """Waiting entries, first in, first out. Its user holds a lock.

    Entries count until they are answered, and so do their keys.
    """

    def __init__(self, counted: Callable[[int], object] = lambda _: None) -> None:
        """Begin empty.

        Args:
            counted: called with the number of entries each time that it has changed.
        """
        self._counted = counted
        self._queue: deque[Waiting] = deque()
        self._keys: set[tuple[str, str]] = set()
        self._bytes = 0
        self.batch: list[Waiting] = []
        self.entries = 0

    def __bool__(self) -> bool:
        """True if an entry waits for its batch."""
        return bool(self._queue)

    def has_room(self, entry: Entry) -> bool:
        """True if an entry is within the bounds; one beyond them has the queue for itself."""
        return not self.entries or (
            self.entries < MOST_ENTRIES and self._bytes + entry.size <= MOST_BYTES
        )

    def has_key(self, entry: Entry) -> bool:
        """True if an entry with the same key is not answered yet."""
        return entry.key is not None and entry.key.name in self._keys

    def put(self, waiting: Waiting) -> None:
        """Append an entry."""
        self._queue.append(waiting)
        self._count(waiting.entry, 1)
        if waiting.entry.key:
            self._keys.add(waiting.entry.key.name)
        self._counted(self.entries)

    def take(self) -> list[Waiting]:
        """The next batch, at least one entry; its entries still count."""
        rows = size = 0
        self.batch = []
        while self._queue:
            entry = self._queue[0].entry
            rows, size = rows + len(entry.rows), size + entry.size
            if self.batch and (rows > BATCH_ROWS or size > BATCH_BYTES):
                break
            self.batch.append(self._queue.popleft())
        return self.batch

    def answer(self, some: Iterable[Waiting]) -> list[Waiting]:
        """Mark entries as answered, and give those that were not yet."""
        mine = [waiting for waiting in some if not waiting.answered]
        for waiting in mine:
            waiting.answered = True
            self._count(waiting.entry, -1)
            if waiting.entry.key:
                self._keys.discard(waiting.entry.key.name)
        if mine:
            self._counted(self.entries)
        return mine

    def answer_all(self) -> list[Waiting]:
        """Mark all entries as answered; those outside the batch leave the queue."""
        found = self.answer([*self.batch, *self._queue])
        self._queue.clear()
        return found

    def answer_late(self) -> list[Waiting]:
        """Mark entries whose time is up as answered; those outside the batch leave the queue."""
        now = time.monotonic()
        found = self.answer([waiting for waiting in self.batch if waiting.until < now])
        while self._queue and self._queue[0].until < now:
            found += self.answer([self._queue.popleft()])
        return found

    def _count(self, entry: Entry, sign: int) -> None:
        self.entries += sign
        self._bytes += sign * entry.size
