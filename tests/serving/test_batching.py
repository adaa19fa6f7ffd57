"""Calls beside the event loop: bounded, made together, and none twice at once."""

import asyncio
import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from types import SimpleNamespace
from typing import Self

import pytest

from serving import batching
from serving.batching import Busy, CallQueue, Computation, Responses
from tests.support.commands import run as run_command
from tests.support.servers.processes import ROOT, inherited


def queue(waiting: int = 3) -> CallQueue[str]:
    return CallQueue(waiting, "test")


async def run(calls: CallQueue[str], key: object, function: Callable[[], str]) -> str:
    """The result of a function without an argument."""
    return await calls.call(key, None, lambda _: [function()])


def test_calls_with_one_key_are_one_call():
    released, calls = Event(), []

    def work(value: str) -> str:
        calls.append(value)
        assert released.wait(60)
        return value

    async def ask() -> list[str]:
        threads = queue(waiting=2)
        asked = [asyncio.create_task(run(threads, key, partial(work, key))) for key in "aaaaabbbb"]
        await asyncio.sleep(0)  # each has begun
        assert threads.is_running("a", None)
        released.set()
        answers = await asyncio.gather(*asked)
        assert not threads.is_running("a", None)
        return [*answers, await run(threads, "a", partial(work, "again"))]

    assert asyncio.run(ask()) == [*"aaaaabbbb", "again"]
    assert calls == ["a", "b", "again"]


def test_calls_beyond_the_bound_are_refused_at_once():
    released = Event()

    async def ask() -> list[str | BaseException]:
        threads = queue(waiting=3)
        asked = [
            asyncio.create_task(run(threads, key, partial(released.wait, 60))) for key in range(5)
        ]
        done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        assert done <= set(asked[3:])
        released.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    *answered, first, second = asyncio.run(ask())
    assert answered == [True] * 3
    assert [type(first), type(second)] == [Busy, Busy]


def test_a_result_is_kept_before_its_call_is_over():
    """Else who looks between the two would have it computed once more."""

    async def ask() -> None:
        threads, kept = queue(), {}
        call = threads.call("same", "a", list, kept.__setitem__)
        asked = asyncio.create_task(call)
        await asyncio.sleep(0)  # it has begun
        while threads.is_running("same", "a"):
            assert not kept
            await asyncio.sleep(0)
        assert kept == {"a": "a"}
        assert await asked == "a"

    asyncio.run(ask())


def test_calls_that_wait_are_made_together():
    """The first one begins alone, and no batch is larger than it may be."""
    released, batches = Event(), []

    def doubled(numbers: list[int]) -> list[int]:
        batches.append(numbers)
        assert released.wait(60)
        return [2 * number for number in numbers]

    async def ask() -> tuple[list[int], int]:
        threads, kept = CallQueue(10, "test"), {}
        asked = [
            asyncio.create_task(threads.call("same", n, doubled, kept.__setitem__, most=3))
            for n in (0, 1, 2, 3, 4, 5, 3)
        ]
        other = asyncio.create_task(threads.call("other", 0, lambda _: [-1]))
        await asyncio.sleep(0)  # each has begun
        released.set()
        answers = await asyncio.gather(*asked)
        assert kept == {n: 2 * n for n in range(6)}
        return answers, await other

    assert asyncio.run(ask()) == ([0, 2, 4, 6, 8, 10, 6], -1)
    assert batches == [[0], [1, 2, 3], [4, 5]]


def test_calls_that_would_wait_for_too_long_are_refused(monkeypatch):
    """By what calls took lately, of the thread's own time."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(batching, "time", SimpleNamespace(thread_time=lambda: clock.now))

    def work(numbers: list[float]) -> list[float]:
        clock.now += sum(numbers)
        return numbers

    async def accepted(threads: CallQueue[float]) -> int:
        """How many of a hundred are, asked at once, that take no time."""
        calls = [threads.call("same", n / 1e9, work, most=100) for n in range(100)]
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(error) for error in found if not isinstance(error, float)} <= {Busy}
        return sum(isinstance(answer, float) for answer in found)

    async def ask() -> list[int]:
        threads: CallQueue[float] = CallQueue(1_000, "test", seconds=0.5)
        found = [await accepted(threads)]
        slow = CallQueue(1_000, "test", seconds=0.5)
        await slow.call("same", 0.125, work)
        return [*found, *[await accepted(slow) for _ in range(8)]]

    none_known, slow, *later = asyncio.run(ask())
    assert none_known == 100
    assert slow == 5  # one that runs, and four that wait for half a second
    assert later == sorted(later)
    assert slow < later[-1] < 100


def test_a_caller_who_goes_away_takes_nothing_from_the_others():
    released = Event()

    async def ask() -> str:
        threads = queue()
        gone, stays = (
            asyncio.create_task(run(threads, "a", partial(released.wait, 60))) for _ in range(2)
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
        threads = queue()
        kept: dict[str, str] = {}

        def ask_for(texts: str) -> asyncio.Future[list[str | BaseException]]:
            calls = [threads.call("same", t, as_numbers, kept.__setitem__) for t in texts]
            return asyncio.gather(*calls, return_exceptions=True)

        failed = await ask_for("xx")
        assert not kept
        return [*failed, *await ask_for("1"), kept]

    assert [str(found) for found in asyncio.run(ask())] == [
        *["invalid literal for int() with base 10: 'x'"] * 2,
        "1",
        "{'1': 1}",
    ]


def as_numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts]


LIMITED = """
import asyncio, resource, threading
from pathlib import Path
from serving.batching import CallQueue
queue = CallQueue(1, "test")
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 4_000_000, resource.RLIM_INFINITY))
try:
    threading.Thread(target=int).start()
except RuntimeError as error:
    print(error)
print(asyncio.run(queue.call("key", None, lambda _: [7])))
"""


def test_a_call_is_made_where_no_thread_can_be_started_any_more():
    """For want of room for another stack, here."""
    done = run_command(sys.executable, "-c", LIMITED, cwd=ROOT, env=inherited())
    assert (done.stdout, done.stderr) == ("can't start new thread\n7\n", "")


class Files:
    """An owner of responses."""


@dataclass(frozen=True)
class Upper(Computation[Files]):
    """A text in upper case; `batches` has the texts of each batch."""

    text: str
    batches: list[list[str]] = field(default_factory=list, compare=False)

    def response(self, _: Files) -> bytes:
        return self.text.upper().encode()

    @classmethod
    def responses(cls, owner: Files, batch: Sequence[Self]) -> Sequence[bytes]:
        batch[0].batches.append([each.text for each in batch])
        return super().responses(owner, batch)


@dataclass(frozen=True)
class UpperInPairs(Upper):
    def most_together(self, _: Files) -> int:
        return 2


def test_a_response_is_computed_once_and_reused_for_its_owner():
    origins: list[str] = []
    responses = Responses(queue(), kept=100, count=origins.append)
    one, other = Files(), Files()

    async def ask() -> list[bytes]:
        return [await responses.get(owner, Upper("a")) for owner in (one, one, other)]

    assert asyncio.run(ask()) == [b"A", b"A", b"A"]
    assert origins == ["computed", "reused", "computed"]


def test_callers_who_wait_for_the_same_response_count_as_reused():
    origins: list[str] = []
    responses = Responses(queue(), count=origins.append)
    files = Files()

    async def ask() -> list[bytes]:
        return await asyncio.gather(*(responses.get(files, Upper("a")) for _ in range(3)))

    assert asyncio.run(ask()) == [b"A"] * 3
    assert sorted(origins) == ["computed", "reused", "reused"]


def test_responses_go_with_their_owner():
    computed: list[list[str]] = []
    responses = Responses(queue(), kept=100)
    asyncio.run(responses.get(Files(), Upper("a", computed)))
    gc.collect()
    asyncio.run(responses.get(Files(), Upper("a", computed)))
    assert computed == [["a"], ["a"]]


@pytest.mark.parametrize(
    ("kind", "batches"), [(Upper, [["a"], ["b"], ["c"]]), (UpperInPairs, [["a"], ["b", "c"]])]
)
def test_as_many_responses_as_may_be_are_computed_together(
    kind: type[Upper], batches: list[list[str]]
):
    responses, files, found = Responses(queue()), Files(), []

    async def ask() -> list[bytes]:
        wanted = [kind(text, found) for text in "abc"]
        return await asyncio.gather(*(responses.get(files, each) for each in wanted))

    assert asyncio.run(ask()) == [b"A", b"B", b"C"]
    assert found == batches


def test_a_response_is_refused_if_the_queue_is_full():
    with pytest.raises(Busy):
        asyncio.run(Responses(queue(waiting=0)).get(Files(), Upper("a")))
