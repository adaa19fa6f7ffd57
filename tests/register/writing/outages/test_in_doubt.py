"""Connections to PostgreSQL that end or stop at COMMIT: a call is recorded once or not at all."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import make_url

from register.database.database import Database
from register.tables import schema
from register.writing.queue.waiting import UNKNOWN
from register.writing.writer import Writer
from tests.register.writing.entries import (
    Seen,
    count,
    decisions,
    error_of,
    ids_of,
    keyed,
    outcomes,
    recorded,
    states,
)
from tests.support.registers.commit_proxy import CommitProxy, Fault
from tests.support.registers.postgresql import Cluster
from tests.support.servers.server import wait_for


@pytest.fixture
def register_url(postgresql_url: str) -> str:
    """The URL of an empty register in PostgreSQL."""
    return postgresql_url


@pytest.fixture
def proxy(cluster: Cluster, database: Database, bundle: int) -> Iterator[CommitProxy]:
    """A proxy before the register; `database` does not pass it."""
    with CommitProxy(cluster.port) as proxy:
        yield proxy


@pytest.fixture
def seen() -> Seen:
    """The observer of `writer`."""
    return Seen()


@pytest.fixture
def writer(
    proxy: CommitProxy,
    register_url: str,
    database: Database,
    bundle: int,
    open_writer: Callable[..., Writer],
    seen: Seen,
) -> Writer:
    """A writer behind the proxy, whose stream has one block."""
    behind = make_url(register_url).set(port=proxy.port)
    writer = open_writer(behind.render_as_string(hide_password=False), seen)
    assert writer.put(decisions(bundle)).result(60) is None
    before = count(database, schema.block)
    proxy.is_committed = lambda: count(database, schema.block) > before
    return writer


@pytest.mark.parametrize("fault", ["cut before", "cut after", "late"])
def test_a_connection_that_ends_at_commit_costs_no_caller_anything(
    fault: Fault, proxy: CommitProxy, writer: Writer, seen: Seen, database: Database, bundle: int
) -> None:
    entry = keyed(bundle, "once")
    proxy.fault = fault
    assert writer.put(entry).result(60) is None
    assert proxy.happened.is_set()
    proxy.deliver()
    again = decisions(bundle, 2)
    assert writer.put(again).result(60) is None
    assert set(ids_of(entry) + ids_of(again)) < set(recorded(database))
    assert count(database, schema.decision) == 4
    assert seen.decisions == [1, 1, 2]
    assert (count(database, schema.stream), count(database, schema.block)) == (1, 3)
    assert outcomes([writer.put(keyed(bundle, "once"))]) == ["KeyTaken"]


@pytest.mark.parametrize(
    ("fault", "then"), [("stopped before", ["", 3]), ("stopped after", ["KeyTaken", 3])]
)
def test_a_server_that_hangs_in_commit_leaves_one_record_of_a_call_that_is_sent_again(
    fault: Fault,
    then: list[object],
    set_limits: Callable[[float], None],
    proxy: CommitProxy,
    writer: Writer,
    seen: Seen,
    database: Database,
    bundle: int,
) -> None:
    proxy.fault = fault
    set_limits(1.0)
    error = error_of(writer.put(keyed(bundle, "once")))
    assert (type(error).__name__, str(error)) == ("RegisterAway", UNKNOWN)
    states(lambda: writer.state, "away")
    assert outcomes([writer.put(keyed(bundle, "once"))]) == ["RegisterAway"]
    set_limits(60.0)
    proxy.resume()
    states(lambda: writer.state, "ok")
    outcome = outcomes([writer.put(keyed(bundle, "once"))])
    proxy.deliver()
    assert writer.put(decisions(bundle)).result(60) is None
    assert [*outcome, len(recorded(database))] == then
    assert count(database, schema.idempotency) == 1
    assert count(database, schema.stream) == 1
    # The first commit, the one that every caller had left, or the second call; the last one.
    assert seen.decisions == [1, 1, 1]
    assert seen.entries[-1] == 0


def test_what_was_refused_before_commit_is_never_written(
    set_limits: Callable[[float], None],
    proxy: CommitProxy,
    writer: Writer,
    database: Database,
    bundle: int,
) -> None:
    proxy.stop()
    set_limits(1.0)
    futures = [writer.put(decisions(bundle)) for _ in range(5)]
    assert outcomes(futures) == ["RegisterAway"] * 5
    assert {str(error_of(future)) for future in futures} == {
        "the register's database does not answer"
    }
    set_limits(60.0)
    proxy.resume()
    states(lambda: writer.state, "ok")
    assert writer.put(decisions(bundle)).result(60) is None
    assert len(recorded(database)) == 2


def test_a_writer_that_is_cut_off_again_and_again_loses_nothing_and_doubles_nothing(
    proxy: CommitProxy, writer: Writer, database: Database, bundle: int
) -> None:
    acknowledged = []
    for fault in ["cut before", "cut after", "late"] * 4:
        proxy.fault = fault
        proxy.is_committed = is_more(database)
        entries = [decisions(bundle) for _ in range(3)]
        futures = [writer.put(entry) for entry in entries]
        assert outcomes(futures) == ["", "", ""]
        acknowledged += [id_ for entry in entries for id_ in ids_of(entry)]
        wait_for(proxy.happened.is_set)
        proxy.happened.clear()
    found = recorded(database)
    assert len(found) == len(acknowledged) + 1
    assert set(acknowledged) < set(found)


def is_more(database: Database) -> Callable[[], bool]:
    """A function that tells if there are more blocks than now."""
    before = count(database, schema.block)
    return lambda: count(database, schema.block) > before
