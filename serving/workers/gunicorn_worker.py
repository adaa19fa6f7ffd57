"""gunicorn's worker process: its class, memory and end, and its threads beside the event loop.

This module must not import prometheus_client, however far: see `serving.workers.shared_folder`.
"""

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Thread
from types import FrameType
from typing import Any, ClassVar, NoReturn, TypeVar

from pydantic import ValidationError
from uvicorn_worker import UvicornWorker

from serving.callers import BadCallers
from serving.limits.http_limits import BoundedHttpProtocol
from serving.workers.shared_folder import join_shared_folder

RETRY_SECONDS = 5  # before gunicorn starts a worker again
SWITCH_SECONDS = 0.001
HELD = 0.002  # seconds that a thread may compute between two pauses
PAUSE = 0.0005  # seconds
THREADS = 8  # of a worker: the log, the watcher, those for calls, those of libraries
NICENESS = 10  # of background threads: the event loop has the processor first
START_FAILED = 3  # the exit code after which gunicorn gives up instead of trying again

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # as malloc.h has them
KEPT_FREE = 4_000_000  # bytes

T = TypeVar("T")

log = logging.getLogger(__name__)


class Worker(UvicornWorker):  # type: ignore[misc]  # the package has no types
    """uvicorn in a worker of gunicorn, on uvloop and httptools, with bounded requests only."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "uvloop",
        "http": BoundedHttpProtocol,
        "ws": "none",
    }

    def init_process(self) -> None:
        """Start this worker, without the shared folder if that folder is full."""
        if problem := join_shared_folder():
            self.log.warning("%s: this worker counts for itself and knows no other", problem)
        super().init_process()

    def load_wsgi(self) -> None:
        """Load the application without garbage collections: it makes many objects that stay."""
        gc.disable()
        super().load_wsgi()
        gc.enable()


class NotReady(RuntimeError):
    """A result is still being computed."""


class NoThread(RuntimeError):
    """This process may not start as many threads as a worker needs."""

    def __init__(self) -> None:
        super().__init__(
            f"a worker needs {THREADS} threads: raise the limit on processes"
            " (ulimit -u, or pids.max of the container)"
        )


def check_threads() -> None:
    """Start as many threads at once as a worker needs, and end them.

    Raises:
        NoThread: one of them cannot be started.
    """
    checked = Event()
    try:
        for _ in range(THREADS):
            Thread(target=checked.wait, daemon=True).start()
    except RuntimeError as error:
        raise NoThread from error
    finally:
        checked.set()


def thread_beside(name: str) -> ThreadPoolExecutor:
    """A background thread, which computes when the event loop leaves the processor free.

    It is started at once, while `check_threads` has just found room: no later call needs another.
    """
    thread = ThreadPoolExecutor(1, name, initializer=os.nice, initargs=(NICENESS,))
    thread.submit(int)
    return thread


async def awaited(future: Future[T], seconds: float) -> T:
    """The result of a future, which goes on if it takes longer than the caller waits.

    Raises:
        NotReady: it takes longer.
        Exception: the future has it.
    """
    if future.done():
        return future.result()
    waiting = asyncio.wrap_future(future)
    try:
        return await asyncio.wait_for(asyncio.shield(waiting), seconds)
    except TimeoutError as error:
        # Nobody waits any more: a later exception shall not be logged as one that was forgotten.
        waiting.add_done_callback(lambda late: late.cancelled() or late.exception())
        raise NotReady from error


def giving_way(function: Callable[[], T]) -> T:
    """Call a function that computes in pandas for long, and let other threads run meanwhile.

    Raises:
        Exception: as the function does.
    """
    sys.setprofile(pauses())
    try:
        return function()
    finally:
        sys.setprofile(None)


def pauses() -> Callable[[FrameType, str, Any], None]:
    """A profile function that makes its threads sleep now and then, all at the same time.

    The interpreter's own switching fails beside NumPy and pandas. Their short operations release
    its lock and take it again before a waiting thread has woken up, and each time the wait begins
    anew: the event loop waited for 100 ms (https://bugs.python.org/issue7946).
    """
    clock, end, due = time.perf_counter, 0.0, 0.0

    def give_way(_frame: FrameType, _event: str, _argument: Any) -> None:
        """Sleep until the end of a pause; the next one begins when it is due."""
        nonlocal end, due
        now = clock()
        if now > due:
            end = now + PAUSE
            due = end + HELD
        if now < end:
            time.sleep(end - now)

    return give_way


def keep_little_free() -> None:
    """Return the memory of a table, or of a list of records, to the system after its use.

    Once a large array has been freed, glibc keeps up to 64 MB for each thread, and puts arrays of
    up to 32 MB among small objects, which then hold the memory around them.
    """
    with contextlib.suppress(AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        for threshold in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
            mallopt(threshold, KEPT_FREE)


def prepare_process() -> None:
    """Set up this process before it loads anything: its memory, its threads, its turns.

    The event loop shall wait as little as possible for other threads, such as a reload. A thread
    that computes in Python is interrupted after a millisecond instead of five: beside two threads
    that read tables, a request waits several times.

    Raises:
        NoThread: it may not start as many threads as a worker needs.
    """
    keep_little_free()
    sys.setswitchinterval(SWITCH_SECONDS)
    check_threads()


def start_or_give_up(
    create: Callable[[], T], bad: type[Exception], has_others: Callable[[], bool]
) -> T:
    """The application of this process.

    A full garbage collection walks the objects of all libraries, for 60 ms or more: those that are
    there when the application is made are excluded from later ones.

    Args:
        create: makes it.
        bad: the error for files that cannot be used.
        has_others: true if other workers live, which go on with what they loaded before.

    Raises:
        SystemExit: it cannot be made; one line in the log says why.
    """
    try_again = has_others()  # before `create`, in which workers that start together meet
    try:
        prepare_process()
        application = create()
    except ValidationError as error:
        # Without the values: one may be a key.
        problems = [f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()]
        give_up(f"settings: {'; '.join(problems)}")
    except (bad, BadCallers, NoThread) as error:
        give_up(f"cannot start: {error}", try_again=try_again)
    gc.freeze()
    return application


def give_up(reason: str, *, try_again: bool = False) -> NoReturn:
    """End a worker that cannot start.

    Args:
        reason: the line for the log.
        try_again: let gunicorn start another worker, after some seconds.

    Raises:
        SystemExit: always.
    """
    log.critical(reason)
    if try_again:
        time.sleep(RETRY_SECONDS)
        sys.exit(1)
    sys.exit(START_FAILED)
