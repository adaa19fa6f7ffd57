"""Workers killed, slow clients: the short form of `experiments/`."""

import asyncio
import itertools
import os
import signal
from pathlib import Path

import uvloop

from credit_scoring.data.artifacts import METADATA_FILE
from tests.support.known import get, known_answers, work
from tests.support.metrics import counts
from tests.support.server import Server, wait_for
from tests.support.traffic import (
    LOST,
    Tally,
    caller,
    drip,
    more_answers,
    running,
)


def test_killed_worker_loses_what_was_in_flight_on_it(replaced: Server, folder: Path):
    """Twenty times by experiments/faults.py. What it had counted stays.

    Its successor cannot start at first: it may not go on without model.json while the other worker
    has it. The server stays, and the other one answers.
    """
    server = replaced
    before = counts(server)
    known = known_answers(server)
    callers = 8
    tally = Tally()

    async def kill() -> None:
        stop = asyncio.Event()
        asked = itertools.takewhile(lambda _: not stop.is_set(), work(known))
        tasks = [
            asyncio.create_task(caller(server.port, asked, tally, pause=0.1))
            for _ in range(callers)
        ]
        await more_answers(tally, 50)
        ready = server.ready()
        killed, other = server.pids()
        (folder / METADATA_FILE).rename(folder / "aside")
        os.kill(killed, signal.SIGKILL)
        problem = "cannot start: model.json: was there and is gone; "
        await asyncio.to_thread(wait_for, lambda: server.said(problem))
        await more_answers(tally, 50)
        (folder / "aside").rename(folder / METADATA_FILE)
        await asyncio.to_thread(wait_for, lambda: server.ready() > ready)
        await more_answers(tally, 50)
        stop.set()
        await asyncio.gather(*tasks)
        assert server.process.poll() is None
        assert other in server.pids()

    uvloop.run(kill())
    get(server, "/nowhere")
    after = counts(server)
    assert after["http_requests_total", "unknown", "404"] == (
        before["http_requests_total", "unknown", "404"] + 1
    )
    assert all(after[key] >= count for key, count in before.items())
    assert tally.wrong == 0
    assert tally.statuses.keys() <= {200, LOST}
    assert tally.statuses[LOST] <= callers


def test_others_are_answered_beside_slow_clients(server: Server):
    """How fast, beside some hundred, by experiments/load.py."""
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
