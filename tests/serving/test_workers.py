"""Threads that leave processor and lock to the event loop."""

import sys
from types import SimpleNamespace

import pytest

from serving import workers


def test_what_gives_way_makes_a_pause_when_it_is_due(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        clock.now += seconds

    monkeypatch.setattr(
        workers, "time", SimpleNamespace(perf_counter=lambda: clock.now, sleep=sleep)
    )
    give_way = workers.GivesWay()

    for step in (0.0, workers.HELD / 2, workers.HELD, workers.HELD * 3):
        clock.now += step
        give_way(sys._getframe(), "call", None)
        give_way(sys._getframe(), "return", None)

    assert slept == pytest.approx([workers.PAUSE] * 3)


def test_threads_that_give_way_together_pause_together(monkeypatch):
    """The second thread sleeps for what is left of the first one's pause."""
    slept = []
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(
        workers, "time", SimpleNamespace(perf_counter=lambda: clock.now, sleep=slept.append)
    )
    give_way = workers.GivesWay()
    give_way(sys._getframe(), "call", None)
    clock.now += workers.PAUSE / 4
    give_way(sys._getframe(), "call", None)

    assert slept == pytest.approx([workers.PAUSE, workers.PAUSE * 3 / 4])
