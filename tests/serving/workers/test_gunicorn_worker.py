"""Threads that leave processor and lock to the event loop; memory, returned or not looked at."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from serving.workers import gunicorn_worker as workers
from tests.support.servers.forks import Forks

# Frees arrays of 8 MB between small objects that stay; prints the bytes that glibc keeps free.
HELD = """
import ctypes
import numpy as np
from serving.workers.gunicorn_worker import keep_little_free

class Memory(ctypes.Structure):
    _fields_ = [("sizes", ctypes.c_size_t * 10)]

def free():
    return mallinfo2().sizes[8]

mallinfo2 = ctypes.CDLL(None).mallinfo2
mallinfo2.restype = Memory
np.ones(2_500_000)  # from now on glibc would put smaller arrays among small objects
before = free()
{}
between = [(np.ones(1_000_000), bytes(1_000)) for _ in range(10)]
stay = [small for _, small in between]
del between
print(free() - before)
"""

# Loads an application as a worker does; prints how many objects that stay a collection finds.
STARTED = """
import gc
from types import SimpleNamespace
from serving.workers.gunicorn_worker import Worker, start_or_give_up

def create():
    assert not gc.isenabled()
    return [[] for _ in range(100_000)]

worker = Worker.__new__(Worker)
worker.app = SimpleNamespace(wsgi=lambda: start_or_give_up(create, OSError, lambda: False))
worker.load_wsgi()
assert gc.isenabled()
gc.collect()
print(len(gc.get_objects()))
"""


def test_a_thread_that_gives_way_pauses_when_a_pause_is_due(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        clock.now += seconds

    monkeypatch.setattr(
        workers, "time", SimpleNamespace(perf_counter=lambda: clock.now, sleep=sleep)
    )
    give_way = workers.pauses()

    for step in (0.0, workers.HELD / 2, workers.HELD, workers.HELD * 3):
        clock.now += step
        give_way(sys._getframe(), "call", None)
        give_way(sys._getframe(), "return", None)

    assert slept == pytest.approx([workers.PAUSE] * 3)


def test_threads_that_give_way_together_pause_together(monkeypatch):
    """The second thread sleeps for the rest of the first one's pause."""
    slept = []
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(
        workers, "time", SimpleNamespace(perf_counter=lambda: clock.now, sleep=slept.append)
    )
    give_way = workers.pauses()
    give_way(sys._getframe(), "call", None)
    clock.now += workers.PAUSE / 4
    give_way(sys._getframe(), "call", None)

    assert slept == pytest.approx([workers.PAUSE, workers.PAUSE * 3 / 4])


@pytest.mark.parametrize(
    ("call", "least", "most"), [("", 70e6, 90e6), ("keep_little_free()", -1e6, 2e6)]
)
def test_memory_of_arrays_is_returned_to_the_system(
    call, least, most, forks: Forks, tmp_path: Path
):
    with (tmp_path / "said").open("w+b") as said:
        command = [sys.executable, "-c", HELD.format(call)]
        process = forks.begin(command, os.environ, said.fileno(), said.fileno())
        assert process.wait() == 0, said.seek(0) or said.read()
        said.seek(0)
        assert least < int(said.read()) < most


def test_collections_go_on_without_the_objects_of_the_start():
    process = subprocess.run([sys.executable, "-c", STARTED], stdout=subprocess.PIPE, check=True)
    assert int(process.stdout) < 1_000
