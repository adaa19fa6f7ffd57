"""Computed answers that the workers of a server share for some minutes."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from serving.batching import ResponseCache

ANSWER, NEW = "answer-", "new-answer-"  # the files begin with these
FRESH_SECONDS = 600.0
MOST_BYTES = 24_000_000  # of all answers: the shared folder may be small, and has the counters too

log = logging.getLogger(__name__)


class SharedAnswers:
    """Answers by key, each a file in the shared folder, so that all workers give the same one.

    Without a folder, or if it has no room, an answer is kept in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        """Begin with the answers in the folder.

        Args:
            folder: shared by the workers of a server; None for a single process.
        """
        self._folder = folder
        self._own: ResponseCache[str] = ResponseCache(MOST_BYTES)
        self._ends: dict[str, float] = {}  # of answers in memory, in seconds since 1970

    def get(self, key: str) -> bytes | None:
        """A fresh answer; None if there is none."""
        if self._folder is not None:
            file = self._folder / f"{ANSWER}{key}"
            with suppress(OSError):  # there is none, or another worker removes it just now
                if is_fresh(file.stat()):
                    return file.read_bytes()
        if self._ends.get(key, 0.0) > time.time():
            return self._own.get(key)
        return None

    def keep(self, key: str, answer: bytes) -> None:
        """Keep an answer from now on, and forget old ones."""
        if self._folder is not None and len(answer) <= MOST_BYTES:
            try:
                self._make_room(self._folder, len(answer))
                self._write(self._folder, key, answer)
            except OSError as error:
                log.warning("%s: %s: an answer is not shared", self._folder, error.strerror)
            else:
                return
        now = time.time()
        self._ends = {other: end for other, end in self._ends.items() if end > now}
        self._ends[key] = now + FRESH_SECONDS
        self._own.keep(key, answer)

    def _write(self, folder: Path, key: str, answer: bytes) -> None:
        """Write a file that nobody else may read, and put it into its place as a whole."""
        new = folder / f"{NEW}{key}"
        try:
            number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(number, "wb") as file:
                file.write(answer)
            new.replace(folder / f"{ANSWER}{key}")
        except OSError:
            new.unlink(missing_ok=True)
            raise

    def _make_room(self, folder: Path, size: int) -> None:
        """Remove old answers, and then the oldest ones until a new one has room."""
        states = dict(self._files(folder))
        for file in sorted(states, key=lambda file: states[file].st_mtime):
            taken = sum(state.st_size for state in states.values())
            if is_fresh(states[file]) and taken + size <= MOST_BYTES:
                return
            file.unlink(missing_ok=True)
            del states[file]

    def _files(self, folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
        for file in folder.glob(f"{ANSWER}*"):
            with suppress(FileNotFoundError):  # another worker removes it just now
                yield file, file.stat()


def is_fresh(state: os.stat_result) -> bool:
    """True for a file that was written a short time ago."""
    return 0.0 <= time.time() - state.st_mtime < FRESH_SECONDS
