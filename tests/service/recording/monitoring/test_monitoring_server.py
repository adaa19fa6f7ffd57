"""Two workers: one answer for both, gauges of both, and processes that end with them."""

import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.service.recording.asking import PEPPER, migrated
from tests.support.registers.postgresql import Cluster, is_running
from tests.support.servers.forks import Forks
from tests.support.servers.server import Server, children, wait_for
from tests.support.servers.stopped_proxy import StoppedProxy

ANSWERS = "answer-*"
WEEK_END = re.compile(r"^monitoring_week_end_seconds (\S+)$", re.MULTILINE)


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[StoppedProxy]:
    """A proxy before the cluster."""
    with StoppedProxy(cluster.port) as proxy:
        yield proxy


@pytest.fixture
def recorder(
    cluster: Cluster, proxy: StoppedProxy, small_bundle_folder: Path, forks: Forks
) -> Iterator[Server]:
    """Two workers with a register behind the proxy."""
    name = cluster.database()
    migrated(cluster.url(name))
    settings = {"REGISTER_URL": cluster.url(name, port=proxy.port), "REGISTER_PEPPER": PEPPER}
    with Server(small_bundle_folder, begin=forks.begin, **settings) as server:
        yield server


def figures(server: Server) -> list[int]:
    """The processes that compute figures now."""
    return [
        pid
        for worker in server.pids()
        for pid in children(worker)
        if b"figures" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def report(server: Server, query: str = "") -> bytes:
    """The body of an answer, over a connection of its own, which any worker may take."""
    answer = server.get(f"/monitoring{query}")
    assert answer.status_code == 200, answer.text
    return answer.content


def test_workers_give_one_answer_and_a_new_one_when_it_is_old(recorder: Server):
    with ThreadPoolExecutor(6) as threads:
        first = set(threads.map(lambda _: report(recorder), range(12)))
    assert len(first) == 1
    assert {report(recorder) for _ in range(12)} == first
    for file in recorder.scratch.glob(ANSWERS):
        os.utime(file, (0, 0))
    second = {report(recorder) for _ in range(12)}
    assert len(second) == 1
    assert not second & first


def test_all_workers_show_the_gauges_of_one(recorder: Server):
    def ends() -> list[str]:
        return [
            found for _ in range(12) for found in WEEK_END.findall(recorder.get("/metrics").text)
        ]

    found = wait_for(lambda: len(both := ends()) == 12 and both)
    assert len(set(found)) == 1
    assert float(found[0]) % 604_800 == 4 * 86_400  # 1970 began on a Thursday


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=lambda end: end.name)
def test_figures_end_with_their_worker(recorder: Server, proxy: StoppedProxy, end: signal.Signals):
    workers = recorder.pids()
    proxy.stop()
    with ThreadPoolExecutor(1) as thread:
        request = thread.submit(httpx.get, f"{recorder.url}/monitoring", timeout=60, verify=False)
        (computing,) = wait_for(lambda: figures(recorder))
        (worker,) = [pid for pid in workers if computing in children(pid)]
        os.kill(worker, end)
        wait_for(lambda: not is_running(computing))
        wait_for(lambda: not is_running(worker))
        assert request.exception() or request.result().status_code == 503
    proxy.resume()
    wait_for(lambda: recorder.get("/monitoring").status_code == 200)
    assert not re.search("Traceback", recorder.log())
