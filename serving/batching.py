"""Queues of slow calls in a thread beside the event loop: bounded, in batches, single-flight."""

import asyncio
import math
import time
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar
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
    keep: Callable[[Any, T], object]
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
        keep: Callable[[Any, T], object] = lambda _argument, _result: None,
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
                batches.keep(argument, result)
            del self._calls[batches.key, argument]


class Responses(Generic[Owner, Key]):
    """Responses of one kind: cached, or computed by a queue, equal ones once.

    A response belongs to an owner, such as the bundle that it was computed from, and is dropped
    with it.
    """

    def __init__(
        self,
        queue: CallQueue[bytes],
        compute: Callable[[Owner, Sequence[Key]], Sequence[bytes]],
        *,
        kept: float = 0,
        together: Callable[[Owner], int] = lambda _: 1,
        gives_way: Callable[[Owner], bool] = lambda _: False,
        at_once: Callable[[Owner, Key], bytes | None] = lambda _owner, _key: None,
        count: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Start with empty caches.

        Args:
            queue: runs the calls.
            compute: computes the responses of a batch of keys, in their order.
            kept: the largest size of an owner's cache, in bytes.
            together: gives the largest number of keys in a batch.
            gives_way: true if calls have to pause for other threads, see `giving_way`.
            at_once: computes a response without the queue; None if it needs the queue.
            count: receives "reused" or "computed" for each response.
        """
        self._queue = queue
        self._compute = compute
        self._together = together
        self._gives_way = gives_way
        self._at_once = at_once
        self._count = count
        self._kept = kept
        self._caches: WeakKeyDictionary[Owner, ResponseCache[Key]] = WeakKeyDictionary()

    async def get(self, owner: Owner, key: Key) -> bytes:
        """The response for a key.

        Raises:
            Busy: the queue is full.
            Exception: any exception of the computation.
        """
        origin, response = "reused", self._at_once(owner, key)
        if response is None and self._kept:
            response = self._cache_of(owner).get(key)
        if response is None:
            call = (self, owner)
            origin = "reused" if self._queue.is_running(call, key) else "computed"
            function, keep = partial(self._compute_all, owner), partial(self._keep, owner)
            response = await self._queue.call(call, key, function, keep, self._together(owner))
        self._count(origin)
        return response

    def _cache_of(self, owner: Owner) -> ResponseCache[Key]:
        cache = self._caches.get(owner)
        if cache is None:
            cache = self._caches[owner] = ResponseCache(self._kept)
        return cache

    def _keep(self, owner: Owner, key: Key, response: bytes) -> None:
        if self._kept:  # else a copy would be made for nothing
            self._cache_of(owner).keep(key, response)

    def _compute_all(self, owner: Owner, keys: Sequence[Key]) -> Sequence[bytes]:
        compute = partial(self._compute, owner, keys)
        return giving_way(compute) if self._gives_way(owner) else compute()
