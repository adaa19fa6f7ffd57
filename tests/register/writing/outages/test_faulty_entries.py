"""Entries that the database refuses for their values: they fail alone."""

import logging

import pytest

from register.database.database import Database
from register.ids import Ids
from register.tables import schema
from register.writing.entry import Entry, Unwritable
from register.writing.writer import Writer
from tests.register.writing.blocker import put_while_blocked
from tests.register.writing.entries import (
    count,
    decisions,
    event,
    ids_of,
    keyed,
    outcomes,
    recorded,
)

SECRET = "Jeanne Moreau"  # noqa: S105


def without_prediction(bundle: int) -> Entry:
    return decisions(bundle, prediction=None, external_id=SECRET)


def of_unknown_bundle(bundle: int) -> Entry:
    return decisions(bundle + 1, external_id=SECRET)


def with_a_list_as_grade(bundle: int) -> Entry:
    entry = decisions(bundle, external_id=SECRET)
    (table, row), *others = entry.rows
    rows = [(table, {**row, "grade": [SECRET]}), *others]
    return Entry.of(entry.at, rows)


def with_a_lone_surrogate(bundle: int) -> Entry:
    return decisions(bundle, external_id=f"{SECRET} \ud800")


FAULTY = [without_prediction, of_unknown_bundle, with_a_list_as_grade, with_a_lone_surrogate]


@pytest.mark.parametrize("faulty", FAULTY)
def test_a_faulty_entry_fails_alone(
    faulty: object,
    writer: Writer,
    database: Database,
    bundle: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert callable(faulty)
    entries = [keyed(bundle, str(number)) for number in range(9)]
    entries.insert(5, faulty(bundle))
    found = put_while_blocked(writer, entries)
    assert found == [""] * 6 + ["Unwritable"] + [""] * 4
    good = {id_ for entry in entries if entry.key for id_ in ids_of(entry)}
    assert good < set(recorded(database))
    assert count(database, schema.decision) == count(database, schema.evidence) == 9
    assert writer.state == "ok"
    (line,) = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert line.getMessage().startswith("an entry cannot be written: ")
    assert SECRET not in caplog.text


def test_a_faulty_entry_alone(writer: Writer, database: Database, bundle: int) -> None:
    future = writer.put(without_prediction(bundle))
    error = future.exception(60)
    assert isinstance(error, Unwritable)
    assert str(error).startswith("IntegrityError ")
    assert SECRET not in str(error)
    assert recorded(database) == {}
    assert outcomes([writer.put(event())]) == [""]


def test_a_row_without_a_column(writer: Writer, database: Database) -> None:
    row = {"id": Ids().new()}
    entry = Entry.of(event().at, [(schema.event, row)])
    assert outcomes([writer.put(entry), writer.put(event())]) == ["Unwritable", ""]
    assert len(recorded(database)) == 1
