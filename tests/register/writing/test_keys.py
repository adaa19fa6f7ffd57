"""Idempotency keys: a call is recorded once, whoever sends it again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import select

from register.database.database import Database
from register.tables import schema
from register.writing.writer import Writer
from tests.register.writing.blocker import Blocker
from tests.register.writing.entries import (
    count,
    decisions,
    error_of,
    ids_of,
    keyed,
    outcomes,
    recorded,
)


def test_the_key_of_a_recorded_call_is_taken(
    writer: Writer, database: Database, bundle: int
) -> None:
    first = keyed(bundle, "one")
    assert outcomes([writer.put(first)]) == [""]
    error = error_of(writer.put(keyed(bundle, "one")))
    assert (type(error).__name__, str(error)) == (
        "KeyTaken",
        "this Idempotency-Key is recorded already",
    )
    assert list(recorded(database)) == ids_of(first)
    with database.reading() as connection:
        row = connection.execute(select(schema.idempotency)).mappings().one()
    assert row["at"] == first.at
    assert dict(row) == {
        "caller": "anyone",
        "key": "one",
        "fingerprint": bytes(32),
        "decisions": ids_of(first)[0].bytes,
        "list": False,
        "at": first.at,
    }


def test_each_caller_has_own_keys(writer: Writer, database: Database, bundle: int) -> None:
    entries = [keyed(bundle, "one", caller) for caller in ("advisor", "branch")]
    entries += [keyed(bundle, "two", "advisor")]
    assert outcomes([writer.put(entry) for entry in entries]) == ["", "", ""]
    assert len(recorded(database)) == 3


def test_a_key_in_flight_is_refused_at_once(
    writer: Writer, database: Database, bundle: int
) -> None:
    blocker = Blocker()
    writer.put(blocker.entry)
    assert blocker.began.wait(60)
    waiting = writer.put(keyed(bundle, "one"))
    error = error_of(writer.put(keyed(bundle, "one")))
    assert not waiting.done()
    assert (type(error).__name__, str(error)) == (
        "KeyInFlight",
        "a call with the same Idempotency-Key is not answered yet",
    )
    blocker.released.set()
    assert outcomes([waiting]) == [""]
    assert outcomes([writer.put(keyed(bundle, "one"))]) == ["KeyTaken"]
    assert count(database, schema.decision) == 1


def test_a_taken_key_does_not_disturb_the_other_calls(
    writer: Writer, database: Database, bundle: int
) -> None:
    assert outcomes([writer.put(keyed(bundle, "one"))]) == [""]
    blocker = Blocker()
    futures = [writer.put(blocker.entry)]
    assert blocker.began.wait(60)
    entries = [keyed(bundle, "zero"), keyed(bundle, "one"), decisions(bundle, 2)]
    futures += [writer.put(entry) for entry in entries]
    blocker.released.set()
    assert outcomes(futures) == ["", "", "KeyTaken", ""]
    found = recorded(database)
    assert set(ids_of(entries[0]) + ids_of(entries[2])) < set(found)
    assert len(found) == 5
    assert len(set(found.values())) == 3


def test_of_two_processes_with_the_same_keys_one_records_each(
    register_url: str, database: Database, bundle: int, open_writer: Callable[..., Writer]
) -> None:
    writers = [open_writer(register_url) for _ in range(2)]
    together = Barrier(len(writers))

    def call(writer: Writer) -> list[str]:
        found = []
        for number in range(30):
            together.wait(60)
            found += outcomes([writer.put(keyed(bundle, f"key {number}"))])
        return found

    with ThreadPoolExecutor(len(writers)) as threads:
        found = list(threads.map(call, writers))
    assert [sorted(pair) for pair in zip(*found, strict=True)] == [["", "KeyTaken"]] * 30
    assert len(recorded(database)) == 30
    assert count(database, schema.evidence) == 30
    assert count(database, schema.stream) == 2
