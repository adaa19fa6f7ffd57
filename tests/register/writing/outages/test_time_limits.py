"""Transactions that take too long: calls are refused in time, and nothing of them is written."""

from collections.abc import Callable

import pytest

from register.database.database import Database
from register.writing.queue import waiting
from register.writing.writer import Writer
from tests.register.writing.blocker import Blocker
from tests.register.writing.entries import decisions, ids_of, outcomes, recorded, states
from tests.support.servers.server import wait_for

LONG = 60.0  # seconds


def test_a_transaction_that_hangs_is_not_committed_when_it_goes_on(
    set_limits: Callable[[float], None], writer: Writer, database: Database, bundle: int
) -> None:
    set_limits(1.0)
    blocker = Blocker()
    futures = [writer.put(blocker.entry)]
    assert blocker.began.wait(LONG)
    futures += [writer.put(decisions(bundle)) for _ in range(3)]
    assert outcomes(futures) == ["RegisterAway"] * 4
    assert writer.state == "away"
    assert outcomes([writer.put(decisions(bundle))]) == ["RegisterAway"]
    set_limits(LONG)
    blocker.released.set()
    states(lambda: writer.state, "ok")
    last = decisions(bundle)
    assert outcomes([writer.put(last)]) == [""]
    assert list(recorded(database)) == ids_of(last)


def test_a_call_whose_time_is_up_leaves_its_transaction(
    writer: Writer, database: Database, bundle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Blocker(), Blocker()
    futures = [writer.put(first.entry)]
    assert first.began.wait(LONG)
    monkeypatch.setattr(waiting, "MOST_SECONDS", 0.3)
    late = writer.put(second.entry)
    monkeypatch.setattr(waiting, "MOST_SECONDS", LONG)
    other = decisions(bundle)
    futures.append(writer.put(other))
    first.released.set()
    assert outcomes([late]) == ["RegisterAway"]
    assert writer.state == "ok"
    second.released.set()
    assert outcomes(futures) == ["", ""]
    assert set(recorded(database)) == set(ids_of(first.entry) + ids_of(other))
    wait_for(lambda: writer.waiting == 0)


def test_a_call_whose_time_is_up_in_the_queue_is_never_written(
    writer: Writer, database: Database, bundle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocker = Blocker()
    written = writer.put(blocker.entry)
    assert blocker.began.wait(LONG)
    monkeypatch.setattr(waiting, "MOST_SECONDS", 0.3)
    assert outcomes([writer.put(decisions(bundle)) for _ in range(3)]) == ["RegisterAway"] * 3
    assert writer.waiting == 1
    blocker.released.set()
    assert outcomes([written]) == [""]
    assert list(recorded(database)) == ids_of(blocker.entry)
