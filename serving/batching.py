"""Queues of slow calls in a thread beside the event loop: bounded, in batches, single-flight."""

import asyncio
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar
from weakref import WeakKeyDictionary

from cachetools import LRUCache

from serving.workers.gunicorn_worker import giving_way, thread_beside

LATELY = 64  # calls that weigh as much in the mean duration as all calls before them

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)
Owner = TypeVar("Owner", bound=Hashable)


class Busy(RuntimeError):
    """The queue is full."""


class ResponseCache(LRUCache[Key, bytes]):
    """The most recently used responses, up to a number of bytes."""

    def __init__(self, largest: float) -> None:
        super().__init__(largest, getsizeof=len)

    def keep(self, key: Key, response: bytes) -> None:
        """Keep a copy of a response, unless it is larger than the whole cache.

        A copy, because orjson's bytes occupy more memory than they fill.
        """
        with suppress(ValueError):
            self[key] = bytes(memoryview(response))


@dataclass(frozen=True, eq=False)
class _Batches(Generic[T]):
    """Calls of one function, run in one batch after the other; see `CallQueue.call`."""

    key: Hashable
    function: Callable[[Sequence[Any]], Sequence[T]]
    keep: Callable[[Any, T], object] | None
    most: int
    waiting: list[Any]  # arguments of the next batches


class CallQueue(Generic[T]):
    """A thread for slow calls, with a bound on waiting calls; equal calls are computed once."""

    def __init__(self, waiting: int, name: str, seconds: float = math.inf) -> None:
        """Start the thread.

        Args:
            waiting: the largest number of calls, including those that run.
            name: the thread's name.
            seconds: the longest estimated computing time of the calls before a new one. It counts
                the thread's CPU time: under load, time on the clock includes waits for the
                interpreter's lock, and each refusal would cause more refusals.
        """
        self._thread = thread_beside(name)
        self._waiting = waiting
        self._seconds = seconds
        self._took = 0.0  # mean CPU seconds of recent calls
        self._calls: dict[tuple[Hashable, Hashable], asyncio.Future[T]] = {}
        self._batches: dict[Hashable, _Batches[T]] = {}

    def is_running(self, key: Hashable, argument: Hashable) -> bool:
        """True if an equal call waits or runs."""
        return (key, argument) in self._calls

    async def call(
        self,
        key: Hashable,
        argument: Hashable,
        function: Callable[[Sequence[Any]], Sequence[T]],
        keep: Callable[[Any, T], object] | None = None,
        most: int = 1,
    ) -> T:
        """Compute a function's result for an argument in the queue's thread.

        Waiting arguments are computed in batches, because a change of threads takes as long as a
        quick explanation.

        Args:
            key: identifies the function.
            argument: identifies the call; an equal call that waits or runs is joined.
            function: computes the results of a batch of arguments, in their order.
            keep: receives the argument and the result before the call leaves the queue, so that a
                caller finds the result either in the cache or in the queue.
            most: the largest number of arguments in a batch.

        Raises:
            Busy: the queue is full.
        """
        call = self._calls.get((key, argument))
        if call is None:
            waiting = len(self._calls)
            if waiting >= self._waiting or waiting * self._took > self._seconds:
                raise Busy
            call = asyncio.get_running_loop().create_future()
            self._calls[key, argument] = call
            if batches := self._batches.get(key):
                batches.waiting.append(argument)
            else:
                self._batches[key] = batches = _Batches(key, function, keep, most, [argument])
                self._begin(batches)
        # Shielded: a caller that is cancelled does not cancel the call of the others.
        return await asyncio.shield(call)

    def _begin(self, batches: _Batches[T]) -> None:
        """Start the next batch."""
        batch = batches.waiting[: batches.most]
        del batches.waiting[: batches.most]

        def call() -> Sequence[T]:
            began = time.thread_time()
            results = batches.function(batch)
            self._learn(len(batch), time.thread_time() - began)
            return results

        running = asyncio.get_running_loop().run_in_executor(self._thread, call)
        running.add_done_callback(lambda done: self._end(batches, batch, done))

    def _learn(self, calls: int, seconds: float) -> None:
        """Update the mean duration by the CPU seconds of some calls."""
        weight = calls / (calls + LATELY) if self._took else 1
        self._took += weight * (seconds / calls - self._took)

    def _end(
        self, batches: _Batches[T], batch: Sequence[Any], done: asyncio.Future[Sequence[T]]
    ) -> None:
        """Start the next batch, then hand the results of this one to the callers."""
        if batches.waiting:
            self._begin(batches)
        else:
            del self._batches[batches.key]
        error = done.exception()
        for index, argument in enumerate(batch):
            call = self._calls[batches.key, argument]
            if error is not None:
                call.set_exception(error)
            else:
                result = done.result()[index]
                call.set_result(result)
                if batches.keep is not None:
                    batches.keep(argument, result)
            del self._calls[batches.key, argument]


class Computation(ABC, Generic[Owner]):
    """A response to be computed for an owner; two that are equal are computed once."""

    @abstractmethod
    def response(self, owner: Owner) -> bytes:
        """Compute the response."""

    @classmethod
    def responses(cls, owner: Owner, batch: Sequence[Self]) -> Sequence[bytes]:
        """Compute the responses of a batch, in its order."""
        return [each.response(owner) for each in batch]

    def most_together(self, _owner: Owner) -> int:
        """The largest number of computations in a batch."""
        return 1

    def gives_way(self, _owner: Owner) -> bool:
        """True for a computation that has to pause for other threads, see `giving_way`."""
        return False


class Responses(Generic[Owner]):
    """Responses that are cached, or computed by a queue, equal ones once.

    A response belongs to an owner, such as the bundle that it was computed from, and is dropped
    with it.
    """

    def __init__(
        self,
        queue: CallQueue[bytes],
        kept: float = 0,
        count: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Start with empty caches.

        Args:
            queue: runs the computations.
            kept: the largest size of an owner's cache, in bytes.
            count: receives "reused" or "computed" for each response.
        """
        self._queue = queue
        self._count = count
        self._kept = kept
        self._caches: WeakKeyDictionary[Owner, ResponseCache[Computation[Owner]]]
        self._caches = WeakKeyDictionary()

    async def get(self, owner: Owner, wanted: Computation[Owner]) -> bytes:
        """The response of a computation.

        Raises:
            Busy: the queue is full.
            Exception: any exception of the computation.
        """
        cache = self._cache_of(owner) if self._kept else None  # else a copy is made for nothing
        origin, response = "reused", None if cache is None else cache.get(wanted)
        if response is None:
            kind = type(wanted)

            def compute(batch: Sequence[Computation[Owner]]) -> Sequence[bytes]:
                if wanted.gives_way(owner):
                    return giving_way(lambda: kind.responses(owner, batch))
                return kind.responses(owner, batch)

            key = (self, kind, owner)
            origin = "reused" if self._queue.is_running(key, wanted) else "computed"
            keep = None if cache is None else cache.keep
            response = await self._queue.call(
                key, wanted, compute, keep, wanted.most_together(owner)
            )
        self._count(origin)
        return response

    def _cache_of(self, owner: Owner) -> ResponseCache[Computation[Owner]]:
        cache = self._caches.get(owner)
        if cache is None:
            cache = self._caches[owner] = ResponseCache(self._kept)
        return cache
