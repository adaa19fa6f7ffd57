"""A transaction that a test holds up."""

from threading import Event

from sqlalchemy import Connection

from register.writing.entry import Entry
from register.writing.writer import Writer
from tests.register.writing.entries import event, outcomes


class Blocker:
    """An entry whose transaction goes on when the test says so."""

    def __init__(self) -> None:
        self.began, self.released = Event(), Event()
        self.entry = event(before=self._wait)

    def _wait(self, _: Connection) -> None:
        self.began.set()
        assert self.released.wait(60)


def put_while_blocked(writer: Writer, entries: list[Entry]) -> list[str]:
    """Put entries while a transaction runs; the outcomes of all."""
    blocker = Blocker()
    futures = [writer.put(blocker.entry)]
    assert blocker.began.wait(60)
    futures += [writer.put(entry) for entry in entries]
    blocker.released.set()
    return outcomes(futures)
