"""Replay by the workers of a cluster, and by processes of this machine."""

from collections.abc import Iterator

import pytest
from distributed import LocalCluster

from portfolio.cluster import hush
from register.replay import chunk
from tests.support.servers.server import HOST


@pytest.fixture(scope="module")
def scheduler_address() -> Iterator[str]:
    """A scheduler with two workers, which are threads of this process."""
    hush()
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", host=HOST,
        dashboard_address=f"{HOST}:0", silence_logs=False,
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address


def test_workers_of_a_cluster_replay(swapped, replay, scheduler_address, tmp_path, monkeypatch):
    monkeypatch.setattr(chunk, "CHUNK_ROWS", 4)
    first = swapped.decisions[0][0]
    swapped.replace(first, swapped.bundles[0], probability=0.5)
    options = ("--scheduler", scheduler_address, "--folder", tmp_path / "kept")
    alone, together = replay(), replay(*options)
    assert together == alone
    assert (alone.code, alone.out.splitlines()[0]) == (
        1,
        f"decision {first}: different in probability",
    )


@pytest.mark.parametrize("register_url", ["sqlite"], indirect=True)
def test_processes_of_this_machine_replay(swapped, replay):
    result = replay("--workers", 1)
    assert (result.code, result.err) == (0, "")
    assert "53 decisions in 1.0 s: 53 bit-equal, 0 different" in result.out
