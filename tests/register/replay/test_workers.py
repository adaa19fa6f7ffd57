"""Replay by the workers of a cluster, and by processes of this machine."""

import pytest

from register.replay import chunk


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
