"""`Observer`: learns what becomes of the entries of a writer."""

from register.writing.queue.waiting import Reason


class Observer:
    """Does nothing; override what you count. Any thread calls it, and it must not block."""

    def committed(self, decisions: int, seconds: float) -> None:
        """A transaction with some decisions was committed, in so many seconds."""

    def refused(self, reason: Reason) -> None:
        """An entry is not written."""

    def waiting(self, entries: int) -> None:
        """So many entries are not answered yet; called under the writer's lock."""
