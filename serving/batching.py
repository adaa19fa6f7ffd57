"""Calls that take long: in a thread beside the event loop, bounded, and none twice at once."""

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

from serving.gunicorn_worker import giving_way, thread_beside

LATELY = 64  # calls, as many of which weigh as much as all before

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)
Owner = TypeVar("Owner", bound=Hashable)


class Busy(RuntimeError):
    """Too many calls wait to begin another one."""


class ResponseCache(LRUCache[Key, bytes]):
    """The responses that were used last, up to a number of bytes."""

    def __init__(self, largest: float) -> None:
        super().__init__(largest, getsizeof=len)

    def keep(self, key: Key, response: bytes) -> None:
        """Keep a response, unless it is larger than all that may be kept.

        It is copied: orjson's bytes hold on to more room than they fill.
        """
        with suppress(ValueError):
            self[key] = bytes(memoryview(response))


@dataclass(frozen=True, eq=False)
class _Batches(Generic[T]):
    """Calls of one function, which run one batch after the other; see `CallQueue.call`."""

    key: Hashable
    function: Callable[[Sequence[Any]], Sequence[T]]
    keep: Callable[[Any, T], object]
    most: int
    waiting: list[Any]  # arguments, behind those that run


class CallQueue(Generic[T]):
    """A thread for calls that take long, a bound on how many wait, and no call twice at once."""

    def __init__(self, waiting: int, name: str, seconds: float = math.inf) -> None:
        """Start the thread.

        Args:
            waiting: how many calls there may be, the one that runs included.
            name: of the thread.
            seconds: of computing that a call may have before it, as long as calls took lately.
                The thread's own: under load it waits for the interpreter's lock as well, and would
                refuse the more, the more it refuses.
        """
        self._thread = thread_beside(name)
        self._waiting = waiting
        self._seconds = seconds
        self._took = 0.0  # seconds, a call lately
        self._calls: dict[tuple[Hashable, Hashable], asyncio.Future[T]] = {}
        self._batches: dict[Hashable, _Batches[T]] = {}

    def is_running(self, key: Hashable, argument: Hashable) -> bool:
        """True if that call waits or runs."""
        return (key, argument) in self._calls

    async def call(
        self,
        key: Hashable,
        argument: Hashable,
        function: Callable[[Sequence[Any]], Sequence[T]],
        keep: Callable[[Any, T], object] = lambda _argument, _result: None,
        most: int = 1,
    ) -> T:
        """The result of a function for an argument, computed beside the event loop.

        Arguments that wait are given together: to wake a thread, and to change between it and the
        event loop, takes as long as a quick explanation.

        Args:
            key: of the function.
            argument: a call for it that waits or runs already is joined.
            function: gives a result for each of some arguments, in their order.
            keep: gets an argument and its result before the call is over, so that nobody who looks
                first where it is kept, and then here, finds it in neither place.
            most: arguments that are given at once.

        Raises:
            Busy: at once, if too many wait.
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
        # Shielded: a caller who goes away takes nothing from the others.
        return await asyncio.shield(call)

    def _begin(self, batches: _Batches[T]) -> None:
        """Call the function for the first arguments that wait."""
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
        """Take into account how long some calls took."""
        weight = calls / (calls + LATELY) if self._took else 1
        self._took += weight * (seconds / calls - self._took)

    def _end(
        self, batches: _Batches[T], batch: Sequence[Any], done: asyncio.Future[Sequence[T]]
    ) -> None:
        """Begin with those that wait, then hand the results to the callers."""
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
    """Responses of one kind: cached, or computed by a queue, none twice at once.

    A response belongs to an owner, such as the files that it was computed from, and is kept no
    longer than that one.
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
        """Compute nothing yet.

        Args:
            queue: runs the calls.
            compute: gives the responses for some keys, in their order.
            kept: bytes of responses that are kept for an owner.
            together: how many keys are computed in one call.
            gives_way: true if a call is to make pauses, see `giving_way`.
            at_once: gives a response that needs no queue.
            count: gets "reused" or "computed" for each response.
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
            Busy: too many wait.
            Exception: as the computation does.
        """
        cache = self._caches.get(owner)
        if cache is None:
            cache = self._caches[owner] = ResponseCache(self._kept)
        origin, response = "reused", cache.get(key)
        if response is None:
            response = self._at_once(owner, key)
        if response is None:
            call = (self, owner)
            origin = "reused" if self._queue.is_running(call, key) else "computed"
            function = partial(self._compute_all, owner)
            most = self._together(owner)
            response = await self._queue.call(call, key, function, cache.keep, most)
        self._count(origin)
        return response

    def _compute_all(self, owner: Owner, keys: Sequence[Key]) -> Sequence[bytes]:
        compute = partial(self._compute, owner, keys)
        return giving_way(compute) if self._gives_way(owner) else compute()
