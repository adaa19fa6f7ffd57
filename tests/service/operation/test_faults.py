"""A killed worker and slow clients: the short form of `experiments/`."""

import asyncio
import itertools
import os
import signal
from pathlib import Path

import uvloop

from credit_scoring.data.artifacts import METADATA_FILE
from tests.service.known_answers import known_answers, work
from tests.service.operation.metric_counts import counts
from tests.support.servers.server import Server, wait_for
from tests.support.servers.traffic import (
    LOST,
    Tally,
    caller,
    drip,
    more_answers,
    running,
)


def test_a_killed_worker_loses_only_its_requests_in_flight(
    restored_server: Server, served_folder: Path
):
    """The counts of the killed worker stay. experiments/service/faults.py kills twenty.

    At first its successor cannot start without model.json, which the other worker has loaded. The
    server stays, and the other worker answers.
    """
    server = restored_server
    before = counts(server)
    known = known_answers(server)
    callers = 8
    tally = Tally()

    async def kill() -> None:
        stop = asyncio.Event()
        until_stop = itertools.takewhile(lambda _: not stop.is_set(), work(known))
        tasks = [
            asyncio.create_task(caller(server.port, until_stop, tally, pause=0.1))
            for _ in range(callers)
        ]
        await more_answers(tally, 50)
        ready = server.ready()
        killed, other = server.pids()
        (served_folder / METADATA_FILE).rename(served_folder / "aside")
        os.kill(killed, signal.SIGKILL)
        problem = "cannot start: model.json: was there and is gone; "
        await asyncio.to_thread(wait_for, lambda: server.said(problem))
        await more_answers(tally, 50)
        (served_folder / "aside").rename(served_folder / METADATA_FILE)
        await asyncio.to_thread(wait_for, lambda: server.ready() > ready)
        await more_answers(tally, 50)
        stop.set()
        await asyncio.gather(*tasks)
        assert server.process.poll() is None
        assert other in server.pids()

    uvloop.run(kill())
    server.get("/nowhere")
    after = counts(server)
    assert after["http_requests_total", "unknown", "404"] == (
        before["http_requests_total", "unknown", "404"] + 1
    )
    assert all(after[key] >= count for key, count in before.items())
    assert tally.wrong == 0
    assert tally.statuses.keys() <= {200, LOST}
    assert tally.statuses[LOST] <= callers


def test_requests_are_answered_beside_slow_clients(server: Server):
    """experiments/service/load.py measures how fast, beside 500 slow clients."""
    known = known_answers(server)
    slow = 100

    async def measure() -> Tally:
        beside = Tally()
        head, end, body = max(known, key=len).partition(b"\r\n\r\n")
        drips = [drip(server.port, b"", head, 0.2) for _ in range(slow // 2)]
        drips += [drip(server.port, head + end, body, 0.2) for _ in range(slow // 2)]
        async with running(*drips):
            await asyncio.to_thread(wait_for, lambda: server.open_files() >= slow)
            await caller(server.port, itertools.islice(work(known), 500), beside)
        return beside

    beside = uvloop.run(measure())
    assert beside.wrong == 0
    assert beside.statuses == {200: 500}
