"""Threads that read from the register, beside the event loop and apart from other calls."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from register.database.database import Database
from register.errors import RegisterAway
from serving.workers.gunicorn_worker import NotReady, awaited

THREADS = 2
WAITING = 64  # calls, including those that run; another one is refused
SECONDS = 1.5  # of a call, with its wait for a thread; a database that hangs takes no longer

T = TypeVar("T")


class ReaderPool:
    """A bounded pool of threads for readings, each with a deadline."""

    def __init__(self, database: Database, failed: Callable[[], object]) -> None:
        """Start no thread yet: the first readings do.

        Args:
            database: to be read.
            failed: called after a reading that the database did not answer.
        """
        self._database = database
        self._failed = failed
        self._threads = ThreadPoolExecutor(THREADS, "register-reader")
        self._waiting = 0

    async def read(self, function: Callable[[Connection], T]) -> T:
        """The result of a function of a connection that only reads.

        Raises:
            RegisterAway: the database does not answer in time, or too many calls wait.
            Exception: any exception of the function.
        """

        def call() -> T:
            with self._database.reading(SECONDS) as connection:
                return function(connection)

        return await self.call(call)

    async def call(self, function: Callable[[], T]) -> T:
        """The result of a function that waits for the database.

        Raises:
            RegisterAway: see `read`; the function may still run and have its effect.
            Exception: any exception of the function.
        """
        if self._waiting >= WAITING:
            raise RegisterAway("too many readings of the register at once")
        self._waiting += 1
        future = self._threads.submit(function)
        future.add_done_callback(self._end)
        try:
            return await awaited(future, SECONDS)
        except RegisterAway:
            self._failed()
            raise
        except NotReady as error:
            future.cancel()  # unless it has begun
            self._failed()
            raise RegisterAway("the register does not answer") from error

    def _end(self, _: Future[T]) -> None:
        self._waiting -= 1

    def close(self) -> None:
        """End the threads when their readings end."""
        self._threads.shutdown(wait=False, cancel_futures=True)
