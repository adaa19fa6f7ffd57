"""The thread that writes to the register, and the one that watches it."""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from threading import Condition, Lock, Thread
from typing import Literal

from register.database.database import CommitUnknown, Database
from register.errors import RegisterAway, UnusableRegister
from register.writing.entry import Entry, Unwritable
from register.writing.faults import FAULTS, described
from register.writing.outage import OutageLog
from register.writing.queue.observer import Observer
from register.writing.queue.waiting import Queue, Reason, Reply, Waiting, uncancellable
from register.writing.queue.watchdog import OPERATION_SECONDS, Watchdog
from register.writing.stream import Doubt, Refusals, Stream

RETRY_SECONDS = 1.0  # between two attempts to reach the database
SOON_SECONDS = 0.05  # before the second of two attempts
CLOSE_SECONDS = 3.0
HANGS = f"no answer within {OPERATION_SECONDS} s"

SILENT = Observer()

State = Literal["ok", "away"]

log = logging.getLogger(__name__)


class _Withdrawn(Exception):
    """An entry of the transaction was answered before COMMIT was sent."""


class Writer:
    """Writes entries in batches: what waits is one transaction and one block of a stream.

    The rules that hold in every order of events stand in `register.writing`.
    """

    def __init__(self, database: Database, observer: Observer = SILENT) -> None:
        """Start the threads. The first connection is made in one of them.

        Args:
            database: which no other thread of this process writes to.
            observer: learns what becomes of entries.
        """
        self._database = database
        self._observer = observer
        self.stream = Stream(database)
        self.outages = OutageLog()
        self._lock = Lock()
        self._work = Condition(self._lock)
        self._queue = Queue(observer.waiting)
        self._state: Literal["starting", "ok", "away"] = "starting"
        self._next_attempt = 0.0  # to resume, on the monotonic clock
        self._needs_commit = False  # an outage ends with a commit: before, `resume` was not enough
        self._is_due = self._looks = self._closing = False
        refuse = partial(self._refuse, reason="late")
        go_away = partial(self._go_away, HANGS, needs_commit=True)
        self._watchdog = Watchdog(self._lock, self._queue, refuse, go_away, cut=database.cut)
        self._thread = Thread(target=self._write_all, name="register", daemon=True)
        self._thread.start()

    @property
    def state(self) -> State:
        """`ok` if the last attempt to reach the database succeeded."""
        return "ok" if self._state == "ok" else "away"

    @property
    def waiting(self) -> int:
        """The number of entries that are not answered yet."""
        return self._queue.entries

    def put(self, entry: Entry) -> Future[None]:
        """Have an entry written at once; the future has the result of `add`."""
        future = uncancellable()
        self.add(entry, future)
        self.begin()
        return future

    def add(self, entry: Entry, reply: Reply) -> None:
        """Have an entry written when `begin` is called next, or with others before.

        Args:
            entry: the rows.
            reply: has None after COMMIT, or `RegisterAway`, `KeyInFlight`, `KeyTaken`,
                `Unwritable` or an error of `Entry.before`.
        """
        waiting = Waiting(entry, reply)
        with self._lock:
            obstacle = self._obstacle(entry)
            if obstacle is None:
                self._queue.put(waiting)
                self._watchdog.wake()
        if obstacle is not None:
            self._refuse([waiting], obstacle)

    def begin(self) -> None:
        """Write what waits now."""
        with self._lock:
            self._is_due = True
            self._work.notify()

    def look(self) -> None:
        """Have the database looked at, because a reading of it failed."""
        with self._lock:
            self._looks = True
            self._work.notify()

    def close(self) -> None:
        """Write what waits, within `CLOSE_SECONDS`, and end the threads; refuse later entries."""
        with self._lock:
            self._closing = True
            self._work.notify()
        self._thread.join(CLOSE_SECONDS)

    def _obstacle(self, entry: Entry) -> Reason | None:
        """The reason to refuse an entry at once."""
        if self._closing or self._state == "away":
            return "away"
        if self._queue.has_key(entry):
            return "in_flight"
        return None if self._queue.has_room(entry) else "full"

    def _write_all(self) -> None:
        try:
            while self._has_work():
                if self._state != "ok" or self._looks:
                    self._try_to_resume()
                    continue
                with self._lock:
                    batch = self._queue.take()
                    self._is_due = bool(self._queue)
                self._write(batch)
        finally:
            with self._lock:
                self._state = "away"
                left = self._queue.answer_all()
                self._watchdog.end()
            self._refuse(left, "away")

    def _has_work(self) -> bool:
        """Wait for entries, or for the time of the next attempt to resume; false at the end."""
        with self._lock:
            while True:
                if self._closing and (self._state == "away" or not self._queue):
                    return False
                pause = None
                if self._state == "ok":
                    if (self._queue and (self._is_due or self._closing)) or self._looks:
                        return True
                elif (pause := self._next_attempt - time.monotonic()) <= 0:
                    return True
                self._work.wait(pause)

    def _try_to_resume(self) -> None:
        self._looks = False
        try:
            doubt = self._resume()
        except RegisterAway as away:
            self._go_away(str(away))
            return
        if doubt:  # its callers were refused long ago
            self._observer.committed(doubt.decisions, time.perf_counter() - doubt.began)
        with self._lock:
            self._state = "ok"
        if not self._needs_commit:
            self.outages.end()

    def _resume(self) -> Doubt | None:
        """As `Stream.resume`, whose errors are all a `RegisterAway`."""
        stream = self.stream.id
        try:
            with self._watchdog.operating():
                doubt = self.stream.resume()
        except UnusableRegister as unusable:
            raise RegisterAway(str(unusable)) from unusable
        except FAULTS as fault:
            raise RegisterAway(described(fault)) from fault
        if stream and stream != self.stream.id:
            # Restored from a backup: entries name bundles that it may lack.
            with self._lock:
                found = self._queue.answer_all()
            self._refuse(found, "away")
        return doubt

    def _resume_soon(self) -> Doubt | None:
        """As `_resume`; tried twice, because a server closes one connection after the other."""
        try:
            return self._resume()
        except RegisterAway:
            if self._state == "away":  # it was cut
                raise
            time.sleep(SOON_SECONDS)
            return self._resume()

    def _write(self, batch: Sequence[Waiting]) -> None:
        """Write the entries of a batch that are not answered."""
        is_second = False
        while some := [waiting for waiting in batch if not waiting.answered]:
            for waiting in some:
                waiting.sent = False
            began = time.perf_counter()
            try:
                with self._watchdog.operating():
                    entries = [waiting.entry for waiting in some]
                    refusals = self.stream.append(entries, partial(self._begin_commit, some))
            except _Withdrawn:
                continue
            except RegisterAway as away:
                self._recover(some, away, began, is_second=is_second)
                is_second = True
            except FAULTS as fault:
                self._isolate(some, fault)
            else:
                self._answer(some, refusals, began)

    def _begin_commit(self, some: Sequence[Waiting]) -> None:
        """Let COMMIT be sent, unless an entry was answered or the operation was cut."""
        with self._lock:
            if self._watchdog.has_cut or any(waiting.answered for waiting in some):
                raise _Withdrawn
            for waiting in some:
                waiting.sent = True

    def _recover(
        self, some: Sequence[Waiting], away: RegisterAway, began: float, *, is_second: bool
    ) -> None:
        """Look after an error what the database has, or refuse all that waits."""
        if not isinstance(away, CommitUnknown):
            for waiting in some:
                waiting.sent = False
        if self._state == "away":  # the operation was cut
            return
        if is_second:
            self._go_away(str(away), needs_commit=True)
            return
        try:
            doubt = self._resume_soon()
        except RegisterAway as still_away:
            self._go_away(str(still_away))
        else:
            if doubt:
                self._answer(some, doubt.refusals, began)

    def _isolate(self, some: Sequence[Waiting], fault: Exception) -> None:
        """Write the halves of a batch that has a faulty entry; refuse a faulty entry alone."""
        if len(some) > 1:
            middle = len(some) // 2
            self._write(some[:middle])
            self._write(some[middle:])
            return
        description = described(fault)
        log.critical("an entry cannot be written: %s", description)
        with self._lock:
            mine = self._queue.answer(some)
        for waiting in mine:
            self._observer.refused("fault")
            waiting.reply.set_exception(Unwritable(description))

    def _answer(self, some: Sequence[Waiting], refusals: Refusals, began: float) -> None:
        """Answer the entries of a transaction that was committed."""
        with self._lock:
            mine = self._queue.answer(some)
        written = [waiting.entry for waiting in some if waiting.entry not in refusals]
        if written:
            decisions = sum(entry.decisions for entry in written)
            self._observer.committed(decisions, time.perf_counter() - began)
        for waiting in mine:
            waiting.complete(refusals.get(waiting.entry))
        self._needs_commit = False
        self.outages.end()

    def _go_away(self, reason: str, *, needs_commit: bool = False) -> None:
        """Refuse all that waits, and each entry until the database is reached again.

        Args:
            reason: for the log.
            needs_commit: true if a transaction failed though the database was reached.
        """
        with self._lock:
            self._state = "away"
            self._needs_commit = needs_commit
            self._next_attempt = time.monotonic() + RETRY_SECONDS
            found = self._queue.answer_all()
        self.outages.begin(reason)
        self._refuse(found, "away")

    def _refuse(self, some: Sequence[Waiting], reason: Reason) -> None:
        """Refuse entries that are marked as answered, or were never put."""
        for waiting in some:
            self._observer.refused(reason)
            if reason in ("away", "late"):
                self.outages.count()
            waiting.refuse(reason)
