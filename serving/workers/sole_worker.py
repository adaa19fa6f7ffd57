"""Work that one worker of a server does for all."""

import fcntl
from typing import IO

from serving.workers.shared_folder import shared_folder

SOLE = "sole-"  # the lock files begin with this


class SoleWorker:
    """The right to do a work that no other worker of this server does.

    It is a lock on a file in the shared folder. The system frees it when the process ends, however
    that happens, and another worker can have it then.
    """

    def __init__(self, work: str) -> None:
        """Hold nothing yet.

        Args:
            work: the name of the work.
        """
        self._work = work
        self._lock: IO[bytes] | None = None

    def hold(self) -> bool:
        """Take the right, and keep it; False while another worker has it.

        Without a shared folder the workers know nothing of each other: each one has it.
        """
        folder = shared_folder()
        if folder is None or self._lock is not None:
            return True
        try:
            lock = (folder / f"{SOLE}{self._work}").open("wb")
        except OSError:  # somebody removed the folder
            return True
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def release(self) -> None:
        """Give the right away, if this worker has it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
