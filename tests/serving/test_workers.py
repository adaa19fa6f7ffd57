"""Calls beside the event loop: bounded, and none twice at once."""

import asyncio
import sys
from functools import partial
from threading import Event
from types import SimpleNamespace

import pytest

from serving import workers
from serving.workers import BoundedPool, Busy


def pool(waiting: int = 3) -> BoundedPool[str]:
    return BoundedPool(1, waiting, "test")


def test_calls_with_one_key_are_one_call():
    released, calls = Event(), []

    def work(value: str) -> str:
        calls.append(value)
        assert released.wait(60)
        return value

    async def ask() -> list[str]:
        threads = pool(waiting=2)
        asked = [asyncio.create_task(threads.run(key, partial(work, key))) for key in "aaaaabbbb"]
        await asyncio.sleep(0)  # each has begun
        assert "a" in threads
        released.set()
        answers = await asyncio.gather(*asked)
        assert "a" not in threads
        return [*answers, await threads.run("a", partial(work, "again"))]

    assert asyncio.run(ask()) == [*"aaaaabbbb", "again"]
    assert calls == ["a", "b", "again"]


def test_calls_beyond_the_bound_are_refused_at_once():
    released = Event()

    async def ask() -> list[str | BaseException]:
        threads = pool(waiting=3)
        asked = [
            asyncio.create_task(threads.run(key, partial(released.wait, 60))) for key in range(5)
        ]
        done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        assert done <= set(asked[3:])
        released.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    *answered, first, second = asyncio.run(ask())
    assert answered == [True] * 3
    assert [type(first), type(second)] == [Busy, Busy]


def test_a_result_is_kept_before_its_key_is_free():
    """Else who looks between the two would have it computed once more."""

    async def ask() -> None:
        threads, kept = pool(), []
        asked = asyncio.create_task(threads.run("a", partial(str, "right"), kept.append))
        await asyncio.sleep(0)  # it has begun
        while "a" in threads:
            assert not kept
            await asyncio.sleep(0)
        assert kept == ["right"]
        assert await asked == "right"

    asyncio.run(ask())


def test_a_caller_who_goes_away_takes_nothing_from_the_others():
    released = Event()

    async def ask() -> str:
        threads = pool()
        gone, stays = (
            asyncio.create_task(threads.run("a", partial(released.wait, 60))) for _ in range(2)
        )
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        released.set()
        return await stays

    assert asyncio.run(ask()) is True


def test_a_call_that_fails_fails_for_each_caller_and_is_forgotten():
    async def ask() -> list[str | BaseException]:
        threads = pool()
        kept: list[str] = []
        asked = [threads.run("a", partial(int, "x"), kept.append) for _ in range(2)]
        failed = await asyncio.gather(*asked, return_exceptions=True)
        return [*failed, await threads.run("a", partial(str, "right"), kept.append), *kept]

    *failed, right, kept = asyncio.run(ask())
    assert [type(error) for error in failed] == [ValueError, ValueError]
    assert right == kept == "right"


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
