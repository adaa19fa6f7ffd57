"""Dask workers on this machine or elsewhere, and a bounded number of chunks in flight.

Dask also loads this module first in each process of this machine, see `dask_setup`.
"""

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.resource_tracker import ensure_running
from typing import Any, TypeVar

import dask
from distributed import CancelledError, Client, Future, LocalCluster, wait
from distributed.client import ClosedClientError
from distributed.scheduler import KilledWorker
from distributed.utils import get_mp_context

from credit_scoring.errors import describe
from portfolio.job import RunError

IN_FLIGHT = 2  # chunks for each thread that computes: one is worked on, one waits
PATIENCE = 120  # seconds to wait for a scheduler, or for a first worker
LOOK = 5  # seconds after which workers are counted again: they come and go
# How often Dask observes itself, which took 3 % of a core in each process.
RARELY = {
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.tick.interval": "1s",
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.worker.profile.enabled": False,
}
ENVIRONMENT = {
    # Dask's loggers are quiet from the first import on.
    "DASK_LOGGING__DISTRIBUTED": "critical",
    # A process keeps its memory, and a thread has no heap of its own: both would be requested from
    # the system again for each chunk.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
}
# Workers are forked from one process that has imported all modules, which takes a second. It
# computes nothing: LightGBM would hang in a process that was forked afterwards.
FORKED = {"distributed.worker.multiprocessing-method": "forkserver"}
WORKER = "portfolio.worker"
# Errors of a client whose scheduler is gone.
LOST = (CancelledError, ClosedClientError, OSError)

ChunkT = TypeVar("ChunkT")
ResultT = TypeVar("ResultT")


class Workers:
    """Processes that compute results of chunks."""

    def __init__(self, client: Client, address: str | None = None) -> None:
        """Take the workers of a client.

        Args:
            client: connected to a scheduler.
            address: of the scheduler, if it is not in this process and may come back.
        """
        self.client = client
        self._address = address
        self._threads, self._looked, self._computed = 0, 0.0, time.monotonic()

    @property
    def threads(self) -> int:
        """Number of chunks that can be worked on at the same time."""
        return sum(self.client.nthreads().values())

    @property
    def dashboard(self) -> str | None:
        """Address of Dask's dashboard, if it has one."""
        with contextlib.suppress(PackageNotFoundError, *LOST):
            self.client.run_on_scheduler(version, "bokeh")
            return self.client.dashboard_link or None
        return None

    def call(self, function: Callable[[], ResultT]) -> ResultT:
        """Let a worker call a function.

        Args:
            function: can be pickled; workers can import it.

        Raises:
            RunError: no worker can compute.
        """
        found: ResultT = self._result(self.client.submit(function, pure=False))
        return found

    def results(
        self, function: Callable[[ChunkT], ResultT], chunks: Iterator[ChunkT]
    ) -> Iterator[tuple[ChunkT, ResultT]]:
        """Let workers compute on chunks, and give each with its result as soon as it is done.

        If a worker ends, Dask gives its chunks to another one. If the scheduler ends and comes
        back, chunks in flight are started again.

        Args:
            function: gives the result of a chunk. It and chunks can be pickled; workers can import
                it.
            chunks: of which a bounded number is taken before their results are.

        Raises:
            RunError: the scheduler does not come back, or no worker can compute.
        """
        again: list[ChunkT] = []
        flying: dict[Future[Any], ChunkT] = {}
        while True:
            try:
                most = IN_FLIGHT * self._threads_now()
                while len(flying) < most:
                    chunk = again.pop() if again else next(chunks, None)
                    if chunk is None:
                        break
                    flying[self.client.submit(function, chunk, pure=False)] = chunk
                if not flying:
                    return
                landed = set()
                with contextlib.suppress(
                    TimeoutError
                ):  # of a wait, after which workers are counted
                    landed = wait(list(flying), timeout=LOOK, return_when="FIRST_COMPLETED").done
                found = [(future, self._result(future)) for future in landed]
            except LOST as error:
                if self._address is None:
                    raise RunError(f"the scheduler failed: {describe(error)}") from error
                again += flying.values()
                flying.clear()
                logging.getLogger(__name__).warning("the scheduler is gone; waiting for it")
                self.close()
                self.client = connect(self._address)
                continue
            for future, result in found:
                yield flying.pop(future), result

    def _threads_now(self) -> int:
        """Count the threads that compute, anew from time to time."""
        now = time.monotonic()
        if now > self._looked + LOOK or not self._threads:
            self._threads, self._looked = self.threads, now
            self._computed = now if self._threads else self._computed
            if now > self._computed + PATIENCE:
                raise RunError("no worker is left")
        return max(1, self._threads)

    def close(self) -> None:
        """Disconnect; workers of this process end."""
        with contextlib.suppress(OSError, RuntimeError, TimeoutError):
            self.client.close(timeout=5)

    def _result(self, future: Future[Any]) -> Any:
        if future.status != "error":
            return future.result()
        error = future.exception()
        if isinstance(error, KilledWorker):
            raise RunError("a chunk ended every worker that took it: out of memory?") from error
        raise RunError(f"a worker cannot compute: {describe(error)}") from error


@contextlib.contextmanager
def local_workers(workers: int | None, module: str = WORKER) -> Iterator[Workers]:
    """Start processes on this machine, which end with the block.

    Args:
        workers: their number; None for one per core.
        module: with the functions that they call; it is imported once for all of them.

    Raises:
        RunError: they do not start.
    """
    number = workers or len(os.sched_getaffinity(0))
    hush()
    environment = dask.config.get("distributed.nanny.pre-spawn-environ") | ENVIRONMENT
    with dask.config.set({"distributed.nanny.pre-spawn-environ": environment, **FORKED, **RARELY}):
        try:
            with delayed_signals(signal.SIGINT, signal.SIGTERM):
                get_mp_context().set_forkserver_preload([module, "distributed.nanny"])
                # The scheduler listens on the loopback interface only.
                cluster = LocalCluster(
                    n_workers=number, threads_per_worker=1, processes=True, host="127.0.0.1",
                    dashboard_address="127.0.0.1:0", silence_logs=False, preload=[__name__],
                )  # fmt: skip
        except (OSError, RuntimeError) as error:
            raise RunError(f"workers do not start: {describe(error)}") from error
        with cluster, contextlib.closing(Workers(Client(cluster))) as found:
            yield found


@contextlib.contextmanager
def workers_at(address: str) -> Iterator[Workers]:
    """Use the workers of an existing scheduler, which stay as they are.

    Raises:
        RunError: it does not answer, or has no worker.
    """
    hush()
    with contextlib.closing(Workers(connect(address), address)) as found:
        yield found


def connect(address: str) -> Client:
    """Connect to a scheduler that has a worker, and wait for both if need be.

    Raises:
        RunError: it does not answer, or has no worker.
    """
    try:
        client = Client(address, timeout=PATIENCE)
        client.wait_for_workers(1, timeout=PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        raise RunError(f"no workers at {address}: {describe(error)}") from error
    return client


def hush() -> None:
    """Let Dask's loggers, each of which has a level of its own, report only fatal errors."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def dask_setup(_worker: object) -> None:
    """Ignore Ctrl-C in the processes of workers: the command ends them.

    Dask calls this function in each process, and a terminal interrupts all of them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def delayed_signals(*signals: signal.Signals) -> Iterator[None]:
    """Deliver signals at the end of the block: an interrupted start of Dask leaves traces.

    Processes that start within the block never get them; the command ends its workers.
    """
    ensure_running()  # a thread that starts it would let signals through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
