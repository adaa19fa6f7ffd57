"""The worker process of gunicorn: its class, its start and end, its threads for what takes long."""

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

from uvicorn_worker import UvicornWorker

from serving.http_limits import BoundedHttpProtocol
from serving.shared_folder import join_shared_folder

RETRY_SECONDS = 5  # before a worker that takes another's place is tried again
SWITCH_SECONDS = 0.001
HELD = 0.002  # seconds that what gives way may compute before it makes a pause
PAUSE = 0.0005  # seconds
THREADS = 8  # of a worker: the log, the watcher, those for calls, those of libraries
NICENESS = 10  # of threads that compute beside the event loop: who answers at once goes first
START_FAILED = 3  # gunicorn gives up, instead of trying again, where a worker ends with it

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # as malloc.h has them
KEPT_FREE = 4_000_000  # bytes

T = TypeVar("T")

log = logging.getLogger(__name__)


class Worker(UvicornWorker):  # type: ignore[misc]  # the package has no types
    """uvicorn in a worker of gunicorn, on uvloop and httptools; requests only, and bounded ones."""

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


class NotReady(RuntimeError):
    """What is computed once is not there yet."""


class NoThread(RuntimeError):
    """This process may not start as many threads as a worker needs."""

    def __init__(self) -> None:
        super().__init__(
            f"a worker needs {THREADS} threads: raise the limit on processes"
            " (ulimit -u, or pids.max of the container)"
        )


def pauses() -> Callable[[FrameType, str, Any], None]:
    """Makes threads let all others compute now and then; a profile function, called very often.

    The interpreter's own turns are of no use beside NumPy and pandas. Their short operations let go
    of its lock and have it back before a thread that waits has woken up, and each time that
    thread's wait begins anew: the event loop waited for 100 ms (https://bugs.python.org/issue7946).
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
    """A thread for calls that leave the processor to requests.

    It is started now, when `check_threads` has just found room: no later call needs another one.
    """
    thread = ThreadPoolExecutor(1, name, initializer=put_last)
    thread.submit(int)
    return thread


async def awaited(future: Future[T], seconds: float) -> T:
    """The result of a future, which goes on if it is not there yet.

    Raises:
        NotReady: it is not there within that time.
        Exception: the future has it.
    """
    if future.done():
        return future.result()
    try:
        return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), seconds)
    except TimeoutError as error:
        raise NotReady from error


def put_last() -> None:
    """Let the calling thread, and those it starts, come after all others at the processor."""
    os.nice(NICENESS)


def giving_way(function: Callable[[], T]) -> T:
    """Call what computes in pandas for long, with pauses, see `pauses`.

    Raises:
        Exception: whatever the function raises.
    """
    sys.setprofile(pauses())
    try:
        return function()
    finally:
        sys.setprofile(None)


def put_requests_first() -> None:
    """Let the event loop wait as little as may be for what runs beside it, such as a reload.

    A full garbage collection walks what all the libraries made, for 60 ms, and a reload causes
    some: what is there now is kept out of them. Where another thread computes in Python, the
    interpreter changes threads after a millisecond instead of five: what takes turns with two
    threads that read tables waits for several turns.
    """
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)


def keep_little_free() -> None:
    """Let the system have again what a table or a list of applications took.

    From the first large array on that is freed glibc keeps up to 64 MB of each thread's, and puts
    new ones of up to 32 MB among small objects, which then hold the memory around them.
    """
    with contextlib.suppress(AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        for threshold in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
            mallopt(threshold, KEPT_FREE)


def give_up(reason: str, *, try_again: bool = False) -> NoReturn:
    """End a worker that cannot start, after one line that says why.

    Args:
        reason: that line.
        try_again: whether gunicorn is to go on and start another one, after some seconds.

    Raises:
        SystemExit: always.
    """
    log.critical(reason)
    if try_again:
        time.sleep(RETRY_SECONDS)
        sys.exit(1)
    sys.exit(START_FAILED)
