"""Calls that take long: in a thread beside the event loop, bounded, and none twice at once."""

import asyncio
import math
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from serving.gunicorn_worker import thread_beside

LATELY = 64  # calls, as many of which weigh as much as all before

T = TypeVar("T")


class Busy(RuntimeError):
    """So many calls wait already that another one is not begun."""


@dataclass(frozen=True, eq=False)
class _Group(Generic[T]):
    """Calls of one function, which run one batch after the other; see `run_together`."""

    key: Hashable
    function: Callable[[Sequence[Any]], Sequence[T]]
    keep: Callable[[Any, T], object] | None
    most: int
    waiting: list[Any]  # arguments, behind those that run


class BoundedPool(Generic[T]):
    """A thread for calls that take long, a bound on how many wait, and no call twice at once."""

    def __init__(self, waiting: int, name: str, seconds: float = math.inf) -> None:
        """Start the thread.

        Args:
            waiting: how many calls there may be, the one that runs included.
            name: what the thread is called.
            seconds: of computing that a call may have before it, as long as calls took lately.
                The thread's own: under load it waits for the interpreter's lock as well, and would
                refuse the more, the more it refuses.
        """
        self._thread = thread_beside(name)
        self._waiting = waiting
        self._seconds = seconds
        self._took = 0.0  # seconds, a call lately
        self._calls: dict[tuple[Hashable, Any], asyncio.Future[T]] = {}
        self._groups: dict[Hashable, _Group[T]] = {}

    def is_running(self, key: Hashable, argument: Any = None) -> bool:
        """Whether that call waits or runs."""
        return (key, argument) in self._calls

    async def run(self, key: Hashable, function: Callable[[], T]) -> T:
        """What a function gives, called beside the event loop.

        Where a call with that key waits or runs already, what that one gives.

        Raises:
            Busy: at once, where too many wait.
        """
        return await self.run_together(key, None, lambda _: [function()])

    async def run_together(
        self,
        key: Hashable,
        argument: Any,
        function: Callable[[Sequence[Any]], Sequence[T]],
        keep: Callable[[Any, T], object] | None = None,
        most: int = 1,
    ) -> T:
        """What a function gives for an argument, called beside the event loop.

        Arguments that wait are given together: to wake a thread, and to change between it and the
        event loop, takes as long as a quick explanation.

        Args:
            key: of the function.
            argument: for which no call is made where one waits or runs already.
            function: gives a result for each of some arguments, in their order.
            keep: gets an argument and its result before the call is over, so that nobody who looks
                first where it is kept, and then here, finds it in neither place.
            most: arguments that are given at once.

        Raises:
            Busy: at once, where too many wait.
        """
        call = self._calls.get((key, argument))
        if call is None:
            waiting = len(self._calls)
            if waiting >= self._waiting or waiting * self._took > self._seconds:
                raise Busy
            call = asyncio.get_running_loop().create_future()
            self._calls[key, argument] = call
            if group := self._groups.get(key):
                group.waiting.append(argument)
            else:
                self._groups[key] = group = _Group(key, function, keep, most, [argument])
                self._begin(group)
        # Shielded: a caller who goes away takes nothing from the others.
        return await asyncio.shield(call)

    def _begin(self, group: _Group[T]) -> None:
        """Call the function for the first ones that wait."""
        batch = group.waiting[: group.most]
        del group.waiting[: group.most]

        def call() -> Sequence[T]:
            began = time.thread_time()
            results = group.function(batch)
            self._learn(len(batch), time.thread_time() - began)
            return results

        running = asyncio.get_running_loop().run_in_executor(self._thread, call)
        running.add_done_callback(lambda done: self._end(group, batch, done))

    def _learn(self, calls: int, seconds: float) -> None:
        """Take into account how long some calls took."""
        weight = calls / (calls + LATELY) if self._took else 1
        self._took += weight * (seconds / calls - self._took)

    def _end(
        self, group: _Group[T], batch: Sequence[Any], done: asyncio.Future[Sequence[T]]
    ) -> None:
        """Begin with those that wait, then tell what came out."""
        if group.waiting:
            self._begin(group)
        else:
            del self._groups[group.key]
        error = done.exception()
        for position, argument in enumerate(batch):
            call = self._calls[group.key, argument]
            if error is not None:
                call.set_exception(error)
            else:
                result = done.result()[position]
                call.set_result(result)
                if group.keep is not None:
                    group.keep(argument, result)
            del self._calls[group.key, argument]
