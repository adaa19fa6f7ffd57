"""Entries of concurrent requests are one commit; an entry alone is not held up."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection, select

from main import Application
from register.errors import StaleReview
from register.tables import schema
from service.recording.gathering import Gathering
from tests.support.servers.inprocess import LOOP
from tests.support.servers.server import wait_for


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
    assert 2 < entries < 10
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
