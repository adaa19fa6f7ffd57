"""A small model and a real cluster, each made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from batch.cluster import local_workers
from credit_scoring.snapshot import Snapshot, read_snapshot
from tests.support.server import RESSOURCES
from tests.support.small import few_clients


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few of the shipped clients and trees, with calibration, points and grades."""
    folder = tmp_path_factory.mktemp("portfolio") / "ressources"
    few_clients(RESSOURCES, folder)
    return folder


@pytest.fixture(scope="session")
def desk(model: Path) -> Snapshot:
    return read_snapshot(model, None, frozenset())


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Two workers, started as the command does. Who kills one leaves another in its place.

    They end with the module: a cluster that waits still takes a tenth of a core.
    """
    with local_workers(2) as workers:
        yield workers.client.cluster
