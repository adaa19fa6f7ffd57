"""Decisions of concurrent requests, gathered: scored as one list, and written by one commit."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from credit_scoring.decisions.application import Applications
from register.writing.entry import Entry
from register.writing.writer import Writer
from service.recording.drafts import DecisionRequest, Draft, Drafter

QUIET_SECONDS = 0.0001  # of an idle event loop: a caller who has an answer sends the next request
MOST_SECONDS = 0.01  # that a request waits for others while the event loop is busy


class Gathering:
    """Drafts requests, and lets the writer begin when no other request is at hand.

    While the writer works, the event loop and its thread wait for the interpreter's lock in turns,
    which costs more than the work. So requests that come meanwhile are held until the commit is
    made and those who waited for it have asked again: then one commit takes all of them.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._results: _Results | None = None
        self._undrafted: list[_Undrafted] = []
        self._gathered = 0  # since the writer began
        self._added = 0  # of these, entries in the writer's queue
        self._written = 0  # entries that the writer has begun with
        self._first = 0.0  # time of the first request
        self._held: asyncio.TimerHandle | None = None

    def put(self, entry: Entry) -> asyncio.Future[None]:
        """Have an entry written; see `Writer.add`. Only for the event loop's thread."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._add(entry, future, None)
        self._gather()
        return future

    def draft(
        self, drafter: Drafter, request: DecisionRequest, applications: Applications
    ) -> asyncio.Future[Draft]:
        """Have a request drafted and written; the future has the draft after COMMIT.

        Args:
            drafter: requests of the same bundle are scored together.
            request: the request.
            applications: the result of `Drafter.decode_at_once`.
        """
        future: asyncio.Future[Draft] = asyncio.get_running_loop().create_future()
        self._undrafted.append(_Undrafted(drafter, request, applications, future))
        self._gather()
        return future

    def _add(self, entry: Entry, future: asyncio.Future[Any], result: Draft | None) -> None:
        if self._results is None:
            self._results = _Results(asyncio.get_running_loop(), self._end_commit)
        self._writer.add(entry, _Reply(future, result, self._results))
        self._added += 1

    def _gather(self) -> None:
        self._gathered += 1
        if self._gathered == 1:
            self._first = time.monotonic()
            self._look_soon(_Quiet(1, self._first))

    def _look_soon(self, quiet: "_Quiet") -> None:
        asyncio.get_running_loop().call_soon(self._look, quiet)

    def _look(self, quiet: "_Quiet") -> None:
        """Begin unless others came lately, or the writer is at work."""
        now = time.monotonic()
        left = self._first + MOST_SECONDS - now
        if left > 0 and not quiet.lasts(self._gathered, now):
            self._look_soon(quiet)
        elif left > 0 and self._written > 0:
            self._held = asyncio.get_running_loop().call_later(left, self._begin)
        else:
            self._begin()

    def _end_commit(self, entries: int) -> None:
        """Count answered entries; after the last one look at the requests that were held."""
        self._written -= entries
        if self._held is not None and self._written <= 0:
            self._held.cancel()
            self._held = None
            self._look_soon(_Quiet(self._gathered, time.monotonic()))

    def _begin(self) -> None:
        self._held, self._gathered = None, 0
        groups: dict[tuple[int, int, str], list[_Undrafted]] = {}
        for each in self._undrafted:
            groups.setdefault(each.group, []).append(each)
        self._undrafted = []
        for group in groups.values():
            self._draft(group)
        if not groups:
            self._write()

    def _draft(self, group: Sequence["_Undrafted"]) -> None:
        """Draft requests in a task, which keeps an error for those who asked."""
        drafting = asyncio.get_running_loop().create_task(_drafts(group))
        drafting.add_done_callback(partial(self._end_draft, group))

    def _end_draft(
        self, group: Sequence["_Undrafted"], drafting: asyncio.Future[Sequence[Draft]]
    ) -> None:
        """Have drafts written; after an error draft each request alone."""
        error = drafting.exception()
        if error is None:
            for each, draft in zip(group, drafting.result(), strict=True):
                self._add(draft.entry, each.future, draft)
            self._write()
        elif len(group) > 1:
            for each in group:
                self._draft([each])
        else:
            if not group[0].future.done():
                group[0].future.set_exception(error)
            self._write()  # what `put` has added

    def _write(self) -> None:
        self._written, self._added = self._written + self._added, 0
        self._writer.begin()


@dataclass(eq=False, slots=True)
class _Quiet:
    """The time in which the event loop has nothing to do: its turns are short.

    Attributes:
        seen: requests that were gathered at the last look.
        looked: the time of the last look.
        seconds: the time since the last request.
    """

    seen: int
    looked: float
    seconds: float = 0.0

    def lasts(self, gathered: int, now: float) -> bool:
        """True if it was long enough; to be asked once a turn."""
        took, self.looked = now - self.looked, now
        if gathered > self.seen:
            self.seen, self.seconds = gathered, 0.0
        elif took < QUIET_SECONDS:
            self.seconds += took
        return self.seconds >= QUIET_SECONDS


@dataclass(frozen=True, eq=False, slots=True)
class _Undrafted:
    """A request that waits to be drafted; attributes as the arguments of `Gathering.draft`."""

    drafter: Drafter
    request: DecisionRequest
    applications: Applications
    future: asyncio.Future[Draft]

    @property
    def group(self) -> tuple[int, int, str]:
        """Equal for requests that may be scored together."""
        return id(self.drafter.served), id(self.drafter.kept), self.request.query.compare


async def _drafts(group: Sequence[_Undrafted]) -> list[Draft]:
    """The drafts of requests of one group, in their order."""
    requests = [each.request for each in group]
    return group[0].drafter.draft_together(requests, [each.applications for each in group])


class _Results:
    """Results from other threads, of which those of a commit wake the event loop once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, count: Callable[[int], None]) -> None:
        self._loop = loop
        self._count = count
        self._found: deque[tuple[asyncio.Future[Any], Draft | None, Exception | None]] = deque()
        self._is_woken = False

    def add(
        self, future: asyncio.Future[Any], result: Draft | None, error: Exception | None
    ) -> None:
        """Complete a future in the event loop's thread, soon; in any thread."""
        self._found.append((future, result, error))
        if not self._is_woken:
            self._is_woken = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._complete)

    def _complete(self) -> None:
        self._is_woken = False  # before the look: a later result wakes the loop again
        completed = 0
        while self._found:
            future, result, error = self._found.popleft()
            completed += 1
            if future.done():  # the caller has gone
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        self._count(completed)


@dataclass(frozen=True, eq=False, slots=True)
class _Reply:
    """A future of the event loop that other threads may complete.

    Attributes:
        future: the future.
        result: that it has after COMMIT.
        results: completes it.
    """

    future: asyncio.Future[Any]
    result: Draft | None
    results: _Results

    def set_result(self, _: None) -> None:
        """Complete the future."""
        self.results.add(self.future, self.result, None)

    def set_exception(self, error: Exception) -> None:
        """Complete the future with an error."""
        self.results.add(self.future, None, error)
