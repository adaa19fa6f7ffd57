"""Entries of concurrent requests are one commit; an entry alone is not held up."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, select

from main import Application
from register.errors import StaleReview
from register.tables import schema
from register.writing.entry import Entry
from service.recording.gathering import Gathering
from tests.support.servers.inprocess import LOOP
from tests.support.servers.server import wait_for

ENTRY = Entry(rows=[], at=datetime.now(UTC), size=0)


@pytest.fixture
def app(new_app: Callable[..., Application]) -> Application:
    """An application whose register is reached."""
    made = new_app()
    wait_for(lambda: made.service.register.state == "ok")
    return made


def events_by_block(app: Application) -> list[int]:
    """The number of events of the test in each block."""
    event = schema.event.c
    with app.service.register.store.database.reading() as connection:
        blocks = connection.scalars(select(event.block).where(event.kind == "gathered")).all()
    return [blocks.count(block) for block in sorted(set(blocks))]


async def put(gathering: Gathering, app: Application, entries: int) -> None:
    store = app.service.register.store
    futures = [gathering.put(store.event("tests", "gathered")) for _ in range(entries)]
    await asyncio.gather(*futures)


def test_entries_of_one_turn_are_one_block(app: Application):
    gathering = Gathering(app.service.register.store.writer)
    LOOP.run_until_complete(put(gathering, app, 40))
    LOOP.run_until_complete(put(gathering, app, 1))
    assert events_by_block(app) == [40, 1]


def test_an_entry_that_comes_a_turn_later_is_taken_along(app: Application):
    gathering = Gathering(app.service.register.store.writer)

    async def one_after_the_other() -> None:
        first = asyncio.create_task(put(gathering, app, 1))
        await asyncio.sleep(0)
        await asyncio.gather(first, put(gathering, app, 1))

    LOOP.run_until_complete(one_after_the_other())
    assert sum(events_by_block(app)) == 2


def test_the_writer_begins_though_others_come_without_end(
    app: Application, monkeypatch: pytest.MonkeyPatch
):
    turns = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: next(turns) / 1000)
    monkeypatch.setattr("service.recording.gathering.time", clock)
    store, begun = app.service.register.store, asyncio.Event()
    begin = store.writer.begin

    def begin_and_tell() -> None:
        begun.set()
        begin()

    monkeypatch.setattr(store.writer, "begin", begin_and_tell)
    gathering = Gathering(store.writer)

    async def without_end() -> int:
        futures = []
        while not begun.is_set() and len(futures) < 100:
            futures.append(gathering.put(store.event("tests", "gathered")))
            await asyncio.sleep(0)
        assert begun.is_set()
        await asyncio.gather(*futures)
        return len(futures)

    entries = LOOP.run_until_complete(without_end())
    assert 2 < entries < 20
    assert sum(events_by_block(app)) == entries


def test_callers_who_went_away_do_not_keep_the_others_waiting(app: Application):
    gathering = Gathering(app.service.register.store.writer)

    async def all_but_the_first() -> None:
        store = app.service.register.store
        first, *others = [gathering.put(store.event("tests", "gathered")) for _ in range(3)]
        first.cancel()
        await asyncio.gather(*others)

    LOOP.run_until_complete(all_but_the_first())
    assert events_by_block(app) == [3]


def test_an_entry_that_is_refused_has_the_error(app: Application):
    store = app.service.register.store
    gathering = Gathering(store.writer)

    def refuse(_: Connection) -> None:
        raise StaleReview("refused")

    async def refused_and_written() -> list[BaseException | None]:
        event = store.event("tests", "gathered")
        entries = [replace(event, before=refuse), store.event("tests", "gathered")]
        return await asyncio.gather(*map(gathering.put, entries), return_exceptions=True)

    refused, written = LOOP.run_until_complete(refused_and_written())
    assert (type(refused), str(refused), written) == (StaleReview, "refused", None)
    assert events_by_block(app) == [1]


def test_the_writer_goes_on_after_the_event_loop_is_closed(app: Application):
    store = app.service.register.store
    gathering = Gathering(store.writer)

    async def leave() -> None:
        gathering.put(store.event("tests", "gathered"))

    with asyncio.Runner() as runner:
        runner.run(leave())
    store.writer.begin()
    assert store.writer.put(store.event("tests", "gathered")).result(60) is None
    assert sum(events_by_block(app)) == 2


class Pen:
    """Stands for the writer: the test answers the entries."""

    def __init__(self) -> None:
        self.replies: list[Any] = []
        self.begun: asyncio.Queue[None] = asyncio.Queue()

    def add(self, _entry: object, reply: Any) -> None:
        self.replies.append(reply)

    def begin(self) -> None:
        self.begun.put_nowait(None)


def test_what_comes_during_a_commit_waits_for_its_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("service.recording.gathering.MOST_SECONDS", 3600.0)
    pen = Pen()
    gathering = Gathering(pen)

    async def three() -> None:
        futures = [gathering.put(ENTRY)]
        await pen.begun.get()
        futures += [gathering.put(ENTRY), gathering.put(ENTRY)]
        for _ in range(100):
            await asyncio.sleep(0.0002)
        assert pen.begun.empty()
        pen.replies[0].set_result(None)
        await pen.begun.get()
        for reply in pen.replies[1:]:
            reply.set_result(None)
        await asyncio.gather(*futures)

    LOOP.run_until_complete(three())
    assert len(pen.replies) == 3


def test_a_commit_that_hangs_does_not_hold_the_next_entries_up():
    pen = Pen()
    gathering = Gathering(pen)

    async def two() -> None:
        hanging = gathering.put(ENTRY)
        await pen.begun.get()
        gathering.put(ENTRY)
        await pen.begun.get()
        assert not hanging.done()

    LOOP.run_until_complete(two())


def test_an_entry_is_written_though_the_draft_beside_it_failed():
    pen = Pen()
    gathering = Gathering(pen)

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    drafter: Any = SimpleNamespace(served=None, kept=None, draft_together=fail)
    request: Any = SimpleNamespace(query=SimpleNamespace(compare="all"))
    nothing: Any = None

    async def both() -> None:
        failing = gathering.draft(drafter, request, nothing)
        gathering.put(ENTRY)
        with pytest.raises(ZeroDivisionError):
            await failing
        await pen.begun.get()

    LOOP.run_until_complete(both())
