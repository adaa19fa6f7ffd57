"""A small model and a cluster, each made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from api.served_bundle import ServedBundle, read_served_bundle
from portfolio.quiet import hush
from tests.support.server import HOST


@pytest.fixture(scope="session")
def model(sound: Path) -> Path:
    """Few of the shipped clients and trees, with calibration, points and grades."""
    return sound


@pytest.fixture(scope="session")
def desk(model: Path) -> ServedBundle:
    return read_served_bundle(model, None, frozenset())


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler of two workers, which are threads of this process.

    A process imports for seconds; `test_a_killed_worker_loses_nothing` has one. They end with the
    module, for a cluster that waits takes a tenth of a core.
    """
    hush()
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", host=HOST,
        dashboard_address=f"{HOST}:0", silence_logs=False,
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address
