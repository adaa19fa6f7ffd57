"""Verification of a register as it was recorded, and with each value changed by hand."""

from datetime import date, timedelta
from unittest import mock
from uuid import UUID

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Double,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    select,
)

from register.evidence.chain import NUMBERS, block_id
from register.tables import schema
from register.tables.column_types import Id, Moment
from register.verification.verification import verify
from register.writing import decision_rows

BLOCKS, DECISIONS = 9, 5


def test_a_register_as_it_was_recorded_is_clean(filled):
    found = filled.verify()
    assert (found.problems.count, found.problems.lines) == (0, [])
    assert (found.bundles, found.blocks, found.decisions) == (1, BLOCKS, DECISIONS)
    assert (found.erased, found.retired) == (0, 0)
    assert [(head.stream, head.number) for head in found.head.streams] == [(1, 7), (2, 2)]


def test_an_empty_register_is_clean(database):
    found = verify(database)
    assert (found.problems.count, found.blocks, found.head.streams) == (0, 0, [])


def changed(value, column):
    """Another value of a column's type."""
    if isinstance(column.type, Id):
        return UUID(int=(value.int if value else 7) + 1)
    if isinstance(column.type, Moment):
        return value + timedelta(microseconds=1)
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, (SmallInteger, Integer, BigInteger)):
        return (value or 0) + 1
    if isinstance(column.type, Double):
        return 0.125 if value is None else value + 1e-9
    if isinstance(column.type, LargeBinary):
        length = column.type.length
        return bytes([(value or bytes(16))[0] ^ 1]) + (value or bytes(length))[1:]
    if isinstance(column.type, Date):
        return date(2020, 1, 1)
    assert isinstance(column.type, Text)
    return f"{value}x"


@pytest.mark.parametrize("table", schema.CHAINED, ids=str)
def test_a_changed_value_names_its_row(filled, table):
    """Every column, one by one."""
    row_id = filled.rows.get(table.name) or filled.decisions[1]
    row = filled.row(table, row_id)
    for column in table.columns:
        new = changed(row[column.name], column)
        with filled.changed(table, row_id, {column.name: new}):
            named = new if column.name == "id" else row_id
            problems = filled.problems()
            if column.name == "block":
                assert any(line.startswith(f"{table.name} {named}: ") for line in problems)
            else:
                assert f"{table.name} {named}: was changed" in problems
    assert filled.problems() == []


def test_a_value_that_became_null_names_its_row(filled):
    decision = schema.decision
    for column in decision.columns:
        if column.nullable:
            of = filled.decisions[3] if column.name == "reference" else filled.decisions[0]
            assert filled.row(decision, of)[column.name] is not None
            with filled.changed(decision, of, {column.name: None}):
                assert f"decision {of}: was changed" in filled.problems()
    assert filled.problems() == []


def test_changed_evidence_names_its_decision(filled):
    """Every column of `evidence`, one by one."""
    evidence, of = schema.evidence, filled.decisions[1]
    row = filled.row(evidence, of)
    one_problem = {
        "record": [f"decision {of}: its evidence is damaged"],
        "answer": [f"decision {of}: its evidence is damaged"],
    }
    for column in evidence.columns:
        new = "7" if column.name == "client" else changed(row[column.name], column)
        key = new if column.name == "decision" else of
        with filled.changed(evidence, of, {column.name: new}):
            problems = filled.problems()
        if column.primary_key:
            assert sorted(problems) == sorted(
                [
                    f"decision {of}: its evidence is missing, and no erasure is recorded",
                    f"decision {key}: its evidence is there, and it is not",
                ]
            )
        else:
            other = [f"decision {of}: its evidence is not that of the commitment"]
            assert problems == one_problem.get(column.name, other)
    assert filled.problems() == []


def test_evidence_of_another_decision_names_both(filled):
    """Each value is a genuine one, of another client."""
    evidence, (one, other) = schema.evidence, filled.decisions[:2]
    with filled.database.reading() as connection:
        record = connection.scalar(select(evidence.c.record).where(evidence.c.decision == other))
    filled.by_hand(evidence.update().where(evidence.c.decision == one).values(record=record))
    assert filled.problems() == [f"decision {one}: its evidence is not that of the commitment"]


@pytest.mark.parametrize("table", ["review", "review_request"])
def test_a_changed_note_names_its_owner(filled, table):
    note, of = schema.note, filled.rows[table]
    row = filled.row(note, of)
    for column in note.columns:
        new = changed(row[column.name], column)
        expected = {
            "owner": [
                f"{table} {of}: its note is missing, and no erasure is recorded",
                f"note {new}: belongs to no review request and no review",
            ],
            "decision": [f"{table} {of}: its note is of another decision"],
        }
        changed_note = [f"{table} {of}: its note is not that of the commitment"]
        with filled.changed(note, of, {column.name: new}):
            assert filled.problems() == expected.get(column.name, changed_note)
    assert filled.problems() == []


@pytest.mark.parametrize("number", [1, 3, 7])
def test_a_changed_block_is_named(filled, number):
    """Every column of `block`; in the first block of a stream, between two, and in the last one."""
    block, of = schema.block, block_id(1, number)
    row = filled.row(block, of)
    for column in block.columns:
        name = column.name
        new = of + 50 if name == "id" else changed(row[name], column)
        place = new if name == "id" else of
        with filled.changed(block, of, {name: new}):
            what = "its id, stream or number was" if name in ("id", "stream", "number") else "was"
            named = f"block {place % NUMBERS} of stream {place // NUMBERS}: {what} changed"
            assert named in filled.problems(), name
    assert filled.problems() == []


def test_columns_that_differ_from_the_answer_are_named(filled, scored):
    """A fault of the writing program, whose hashes are right."""
    make = decision_rows.Evidence

    def other(**values):
        answer = values["answer"].replace(b'"compare":"near"', b'"compare":"all"')
        return make(**values | {"answer": answer, "reference": "R-9"})

    with mock.patch.object(decision_rows, "Evidence", other):
        (of,) = filled.recorder.decide(scored, scored.clients(1), bundle=filled.bundle)
    assert filled.problems() == [f"decision {of}: differs from its answer in compare, reference"]
