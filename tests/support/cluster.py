"""A Dask cluster in threads of this process: a process imports for seconds."""

from collections.abc import Iterator
from contextlib import contextmanager

from distributed import LocalCluster

from portfolio.cluster import hush
from tests.support.servers.server import HOST


@contextmanager
def scheduler_with_workers() -> Iterator[str]:
    """The address of a scheduler with two workers."""
    hush()
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", host=HOST,
        dashboard_address=f"{HOST}:0", silence_logs=False,
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address
