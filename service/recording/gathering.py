"""Entries of concurrent requests, gathered so that one commit takes them all."""

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from register.writing.entry import Entry
from register.writing.writer import Writer

QUIET_TURNS = 2  # of the event loop without another entry, before the writer begins
MOST_SECONDS = 0.005  # that an entry waits for others


class Gathering:
    """Puts entries into the writer's queue, and lets it begin when no other request is at hand.

    A writer that began at once would commit the first entry alone, while the event loop works on
    the requests beside it: both threads would wait for the interpreter's lock in turns.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._results: _Results | None = None
        self._entries = 0  # added since the writer began
        self._since = 0.0

    def put(self, entry: Entry) -> asyncio.Future[None]:
        """Have an entry written; see `Writer.add`. Only for the event loop's thread."""
        loop = asyncio.get_running_loop()
        if self._results is None:
            self._results = _Results(loop)
        reply = _Reply(loop.create_future(), self._results)
        self._writer.add(entry, reply)
        self._entries += 1
        if self._entries == 1:
            self._since = time.monotonic()
            loop.call_soon(self._look, 1, QUIET_TURNS)
        return reply.future

    def _look(self, seen: int, turns: int) -> None:
        """Begin unless others came in the last turns of the event loop."""
        turns = QUIET_TURNS if self._entries > seen else turns - 1
        if turns and time.monotonic() - self._since < MOST_SECONDS:
            asyncio.get_running_loop().call_soon(self._look, self._entries, turns)
        else:
            self._entries = 0
            self._writer.begin()


class _Results:
    """Results from other threads, of which those of a commit wake the event loop once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._found: deque[tuple[asyncio.Future[None], Exception | None]] = deque()
        self._is_woken = False

    def add(self, future: asyncio.Future[None], error: Exception | None) -> None:
        """Complete a future in the event loop's thread, soon; in any thread."""
        self._found.append((future, error))
        if not self._is_woken:
            self._is_woken = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._complete)

    def _complete(self) -> None:
        self._is_woken = False  # before the look: a later result wakes the loop again
        while self._found:
            future, error = self._found.popleft()
            if future.done():  # the caller has gone
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)


@dataclass(frozen=True, eq=False, slots=True)
class _Reply:
    """A future of the event loop that other threads may complete."""

    future: asyncio.Future[None]
    results: _Results

    def set_result(self, _: None) -> None:
        """Complete the future."""
        self.results.add(self.future, None)

    def set_exception(self, error: Exception) -> None:
        """Complete the future with an error."""
        self.results.add(self.future, error)
