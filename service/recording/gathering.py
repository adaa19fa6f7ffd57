"""Entries of concurrent requests, gathered so that one commit takes them all."""

import asyncio
import time
from concurrent.futures import Future

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
        self._entries = 0  # put since the writer began
        self._since = 0.0

    def put(self, entry: Entry) -> Future[None]:
        """Have an entry written; see `Writer.put`. Only for the event loop's thread."""
        future = self._writer.put(entry, more_follow=True)
        self._entries += 1
        if self._entries == 1:
            self._since = time.monotonic()
            asyncio.get_running_loop().call_soon(self._look, 1, QUIET_TURNS)
        return future

    def _look(self, seen: int, turns: int) -> None:
        """Begin unless others came in the last turns of the event loop."""
        turns = QUIET_TURNS if self._entries > seen else turns - 1
        if turns and time.monotonic() - self._since < MOST_SECONDS:
            asyncio.get_running_loop().call_soon(self._look, self._entries, turns)
        else:
            self._entries = 0
            self._writer.begin()
