"""Workers here or elsewhere, and pieces in flight: a bounded number, and each until it is made."""

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
from portfolio import quiet
from portfolio.job import Job, Piece, RunError
from portfolio.quiet import hush

IN_FLIGHT = 2  # pieces for each thread that computes: one is scored, one waits
PATIENCE = 120  # seconds that a scheduler, or a first worker, is waited for
LOOK = 5  # seconds after which workers are counted again: they come and go
# How often Dask looks at itself, which took 3 % of a core in each process.
RARELY = {
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.tick.interval": "1s",
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.worker.profile.enabled": False,
}
# Memory that is given back at once, as Dask has it, is fetched anew for each piece; so may be that
# of a heap of a thread's own.
KEPT = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
# Workers are forked from one process that has imported what takes them a second each. It computes
# nothing: LightGBM would hang in a process that was forked afterwards.
FORKED = {"distributed.worker.multiprocessing-method": "forkserver"}
IMPORTED = ["portfolio.work", "distributed.nanny"]
# What a client raises whose scheduler is gone.
LOST = (CancelledError, ClosedClientError, OSError)

T = TypeVar("T")


class Workers:
    """Processes that score pieces."""

    def __init__(self, connect: Callable[[], Client], *, is_local: bool) -> None:
        """Connect.

        Args:
            connect: gives a client, also where the scheduler was gone for a while.
            is_local: whether the scheduler is in this process.
        """
        self._connect = connect
        self._is_local = is_local
        self.client = connect()
        self._threads, self._looked, self._computed = 0, 0.0, time.monotonic()

    @property
    def threads(self) -> int:
        """How many pieces can be scored at the same time."""
        return sum(self.client.nthreads().values())

    @property
    def dashboard(self) -> str | None:
        """The address of Dask's dashboard, where there is one."""
        with contextlib.suppress(PackageNotFoundError, *LOST):
            self.client.run_on_scheduler(version, "bokeh")
            return self.client.dashboard_link or None
        return None

    def ask(self, function: Callable[[Job], T], job: Job) -> T:
        """What a function gives on some worker."""
        answer: T = self._result(self.client.submit(function, job, pure=False))
        return answer

    def each(
        self, function: Callable[..., T], job: Job, pieces: Iterator[Piece], figures: str
    ) -> Iterator[tuple[Piece, T]]:
        """What a function gives for pieces, each as soon as it is there.

        Where a worker ends, Dask gives its pieces to another one. Where the scheduler ends and
        comes back, pieces that were in flight are begun again.

        Raises:
            RunError: the scheduler does not come back, or no worker can compute.
        """
        again: list[Piece] = []
        flying: dict[Future[Any], Piece] = {}
        source = iter(pieces)
        while True:
            try:
                most = IN_FLIGHT * self._threads_now()
                while len(flying) < most:
                    piece = again.pop() if again else next(source, None)
                    if piece is None:
                        break
                    future = self.client.submit(function, job, piece, figures, pure=False)
                    flying[future] = piece
                if not flying:
                    return
                found = [(future, self._result(future)) for future in self._landed(flying)]
            except LOST as error:
                if self._is_local:
                    raise RunError(f"the scheduler failed: {describe(error)}") from error
                again += flying.values()
                flying.clear()
                self._connect_again()
                continue
            for future, result in found:
                yield flying.pop(future), result

    def _threads_now(self) -> int:
        """How many threads compute; counted again now and then.

        Raises:
            RunError: for long there has been none.
        """
        now = time.monotonic()
        if now > self._looked + LOOK or not self._threads:
            self._threads, self._looked = self.threads, now
            self._computed = now if self._threads else self._computed
            if now > self._computed + PATIENCE:
                raise RunError("no worker is left")
        return max(1, self._threads)

    def _landed(self, flying: dict[Future[Any], Piece]) -> list[Future[Any]]:
        """Those whose pieces are done; none where that takes long."""
        try:
            return list(wait(list(flying), timeout=LOOK, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            return []

    def close(self) -> None:
        """Let the workers go; those of this process end."""
        with contextlib.suppress(OSError, RuntimeError, TimeoutError):
            self.client.close(timeout=5)

    def _result(self, future: Future[Any]) -> Any:
        if future.status != "error":
            return future.result()
        error = future.exception()
        if isinstance(error, KilledWorker):
            raise RunError("a piece ended every worker that took it: out of memory?") from error
        raise RunError(f"a worker cannot compute: {describe(error)}") from error

    def _connect_again(self) -> None:
        logging.getLogger(__name__).warning("the scheduler is gone; waiting for it")
        self.close()
        self.client = self._connect()


@contextlib.contextmanager
def local_workers(workers: int | None) -> Iterator[Workers]:
    """Processes on this machine, one a core unless told otherwise, that end with the block.

    Raises:
        RunError: they do not start.
    """
    number = workers or len(os.sched_getaffinity(0))
    hush()
    environment = dask.config.get("distributed.nanny.pre-spawn-environ") | quiet.QUIET | KEPT
    with dask.config.set({"distributed.nanny.pre-spawn-environ": environment, **FORKED, **RARELY}):
        try:
            with later(signal.SIGINT, signal.SIGTERM):
                get_mp_context().set_forkserver_preload(IMPORTED)
                # The scheduler listens on the loopback interface alone.
                cluster = LocalCluster(
                    n_workers=number, threads_per_worker=1, processes=True, host="127.0.0.1",
                    dashboard_address="127.0.0.1:0", silence_logs=False, preload=[quiet.__name__],
                )  # fmt: skip
        except (OSError, RuntimeError) as error:
            raise RunError(f"workers do not start: {describe(error)}") from error
        with cluster:
            found = Workers(lambda: Client(cluster), is_local=True)
            try:
                yield found
            finally:
                found.close()


@contextlib.contextmanager
def later(*signals: signal.Signals) -> Iterator[None]:
    """Take signals at the end of the block: a start of Dask that is interrupted leaves traces.

    Processes that are started in it never get them; the command ends its workers itself.
    """
    ensure_running()  # a thread that starts it lets signals through afterwards
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def workers_at(address: str) -> Iterator[Workers]:
    """The workers of a scheduler that is there; they stay as they are.

    Raises:
        RunError: it does not answer, or has no worker.
    """
    hush()

    def connect() -> Client:
        try:
            client = Client(address, timeout=PATIENCE)
            client.wait_for_workers(1, timeout=PATIENCE)
        except (OSError, ValueError, TimeoutError) as error:
            raise RunError(f"no workers at {address}: {describe(error)}") from error
        return client

    found = Workers(connect, is_local=False)
    try:
        yield found
    finally:
        found.close()
