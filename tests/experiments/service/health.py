"""Latencies of /health while something else happens."""

import asyncio
import gc
import itertools
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event

import uvloop

from tests.support.servers.traffic import Tally, caller, request

PAUSE = 0.005  # seconds between two questions


@contextmanager
def health_asked(port: int, connections: int) -> Iterator[Tally]:
    """Ask for /health while the block runs; the tally is complete after the block.

    From a process of its own, which does nothing else that a request could wait for.
    """
    processes, tally = multiprocessing.get_context("spawn"), Tally()
    ending, found = processes.Event(), processes.SimpleQueue()
    asking = processes.Process(target=_ask, args=(port, connections, ending, found))
    asking.start()
    try:
        yield tally
    finally:
        ending.set()
        answers = found.get()
        asking.join()
        tally.statuses.update(answers.statuses)
        tally.seconds.update(answers.seconds)


def _ask(port: int, connections: int, ending: Event, found: "SimpleQueue[Tally]") -> None:
    tally = Tally()
    health = itertools.repeat((request("/health"), bool))
    work = itertools.takewhile(lambda _: not ending.is_set(), health)

    async def ask() -> None:
        await asyncio.gather(*[caller(port, work, tally, PAUSE) for _ in range(connections)])

    gc.disable()
    uvloop.run(ask())
    found.put(tally)
