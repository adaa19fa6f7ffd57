"""Batches, blocks, bounds and the end of a writer."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, select

from register.database.database import Database
from register.errors import StaleReview
from register.evidence.chain import NUMBERS
from register.tables import schema
from register.writing.queue import waiting
from register.writing.queue.watchdog import TICK
from register.writing.writer import Writer
from tests.register.writing.blocker import Blocker, put_while_blocked
from tests.register.writing.entries import (
    Seen,
    count,
    decisions,
    error_of,
    event,
    ids_of,
    outcomes,
    recorded,
)
from tests.support.servers.server import wait_for


def test_an_entry_is_in_the_database_when_its_future_is_done(
    writer: Writer, database: Database, bundle: int
) -> None:
    entry = decisions(bundle, 3)
    assert writer.put(entry).result(60) is None
    assert set(recorded(database)) == set(ids_of(entry))
    assert count(database, schema.evidence) == 3
    assert writer.waiting == 0


def test_what_waits_is_one_block_in_the_order_of_the_calls(
    writer: Writer, database: Database, bundle: int
) -> None:
    entries = [decisions(bundle) for _ in range(50)]
    assert put_while_blocked(writer, entries) == [""] * 51
    blocks = recorded(database)
    assert len({blocks[id_] for entry in entries for id_ in ids_of(entry)}) == 1
    with database.reading() as connection:
        rows = connection.execute(select(schema.block).order_by(schema.block.c.number)).mappings()
        found = [(row["number"], row["count"], row["first"], row["last"]) for row in rows]
    blocker = next(id_ for id_, block in blocks.items() if block % NUMBERS == 1)
    (first,), (last,) = ids_of(entries[0]), ids_of(entries[-1])
    assert found == [(1, 1, blocker, blocker), (2, 50, first, last)]


def test_a_batch_is_bounded(
    writer: Writer, database: Database, bundle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "BATCH_ROWS", 10)  # a decision has two, with its evidence
    entries = [decisions(bundle, size) for size in (2, 2, 2, 9, 1, 3)]
    assert set(put_while_blocked(writer, entries)) == {""}
    blocks = recorded(database)
    found = Counter(blocks[id_] % NUMBERS for entry in entries for id_ in ids_of(entry))
    assert found == {2: 4, 3: 2, 4: 9, 5: 4}


def test_a_full_queue_refuses_at_once(
    writer: Writer, database: Database, bundle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MOST_ENTRIES", 3)
    entries = [decisions(bundle) for _ in range(4)]
    assert put_while_blocked(writer, entries) == ["", "", "", "RegisterAway", "RegisterAway"]
    assert len(recorded(database)) == 3
    assert str(error_of_full(writer, monkeypatch)) == "too many calls wait for the register"


def error_of_full(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> Exception:
    """The error of an entry that is beyond the bound of bytes."""
    blocker = Blocker()
    first = writer.put(blocker.entry)
    assert blocker.began.wait(60)
    monkeypatch.setattr(waiting, "MOST_BYTES", blocker.entry.size)
    error = error_of(writer.put(event()))
    blocker.released.set()
    assert first.result(60) is None
    return error


def test_an_entry_beyond_the_bounds_is_written_alone(
    writer: Writer, database: Database, bundle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MOST_BYTES", 10)
    assert writer.put(decisions(bundle, 5)).result(60) is None
    assert len(recorded(database)) == 5


def test_an_observer_learns_of_decisions_and_refusals_and_what_waits(
    register_url: str, bundle: int, open_writer: Callable[..., Writer]
) -> None:
    seen = Seen()
    writer = open_writer(register_url, seen)
    assert writer.put(decisions(bundle, 7)).result(60) is None
    assert writer.put(event()).result(60) is None
    assert (seen.decisions, seen.reasons) == ([7, 0], [])
    assert all(0 < seconds < 60 for seconds in seen.seconds)
    assert seen.entries == [1, 0, 1, 0]
    writer.close()
    assert outcomes([writer.put(event())]) == ["RegisterAway"]
    assert (seen.decisions, seen.reasons) == ([7, 0], ["away"])
    assert seen.entries == [1, 0, 1, 0]


def test_many_threads_put_at_once(writer: Writer, database: Database, bundle: int) -> None:
    def call(_: int) -> list[UUID]:
        entry = decisions(bundle)
        writer.put(entry).result(60)
        return ids_of(entry)

    with ThreadPoolExecutor(16) as threads:
        made = [id_ for ids in threads.map(call, range(400)) for id_ in ids]
    assert sorted(made) == sorted(recorded(database))
    assert count(database, schema.stream) == 1


def test_an_entry_that_is_refused_in_its_transaction_leaves_the_others(
    writer: Writer, database: Database, bundle: int
) -> None:
    seen: list[int] = []

    def refuse(connection: Connection) -> None:
        seen.append(len(connection.execute(select(schema.decision.c.id)).all()))
        raise StaleReview("reviewed since")

    entries = [decisions(bundle, 2), event(before=refuse), decisions(bundle), event(before=refuse)]
    assert put_while_blocked(writer, entries) == ["", "", "StaleReview", "", "StaleReview"]
    assert seen == [2, 3]  # rows of earlier entries are there
    assert len(recorded(database)) == 4


def test_a_transaction_of_refused_entries_makes_no_block(
    writer: Writer, database: Database
) -> None:
    def refuse(_: Connection) -> None:
        raise StaleReview("reviewed since")

    assert outcomes([writer.put(event(before=refuse))]) == ["StaleReview"]
    assert count(database, schema.block) == 0
    assert writer.put(event()).result(60) is None
    assert [block % NUMBERS for block in recorded(database).values()] == [1]


def test_close_writes_what_waits(writer: Writer, database: Database, bundle: int) -> None:
    futures = [writer.put(decisions(bundle)) for _ in range(200)]
    writer.close()
    assert outcomes(futures) == [""] * 200
    assert len(recorded(database)) == 200
    assert outcomes([writer.put(decisions(bundle))]) == ["RegisterAway"]
    assert writer.state == "away"


def test_threads_end_with_the_writer(
    register_url: str, bundle: int, open_writer: Callable[..., Writer]
) -> None:
    before = set(threading.enumerate())  # other tests have writers too
    writer = open_writer(register_url)
    own = set(threading.enumerate()) - before
    assert {thread.name for thread in own} == {"register", "register watchdog"}
    writer.close()
    wait_for(lambda: not any(thread.is_alive() for thread in own))


def test_neither_thread_wakes_up_while_nobody_puts(writer: Writer, bundle: int) -> None:
    assert writer.put(decisions(bundle)).result(60) is None

    def is_still() -> bool:
        before = switches()
        time.sleep(5 * TICK)
        return switches() == before

    wait_for(is_still)
    before = switches()
    assert writer.put(decisions(bundle)).result(60) is None
    assert switches() != before


def switches() -> list[str]:
    """How often the threads of writers have waited for something."""
    return [
        line
        for thread in threading.enumerate()
        if thread.name.startswith("register")
        for line in Path(f"/proc/self/task/{thread.native_id}/status").read_text().splitlines()
        if line.startswith("voluntary_ctxt_switches")
    ]
