"""Verification of one decision, as a reader asks for."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from register.errors import UnknownDecision
from register.evidence.chain import block_id
from register.tables import schema
from register.verification.decision import verify_decision


def problem_of(filled, decision: UUID) -> str:
    with filled.database.reading() as connection:
        return verify_decision(connection, decision)


def test_decisions_as_they_were_recorded_are_ok(filled):
    assert [problem_of(filled, of) for of in filled.decisions] == ["ok"] * 5


def test_an_unknown_decision_is_named(filled):
    unknown = UUID(int=7)
    with pytest.raises(UnknownDecision, match=rf"^no decision {unknown}$"):
        problem_of(filled, unknown)


def test_a_changed_decision(filled):
    decision, of = schema.decision, filled.decisions[1]
    for column, value in (("caller", "bob"), ("automated", False), ("subject", bytes(16))):
        with filled.changed(decision, of, {column: value}):
            assert problem_of(filled, of) == "was changed"
            other = problem_of(filled, filled.decisions[0])
            assert other == "block 1 of stream 1: another of its rows was changed"
    assert problem_of(filled, of) == "ok"


def test_a_changed_figure(filled):
    of = filled.decisions[1]
    with filled.changed(schema.decision, of, {"probability": 0.5}):
        assert problem_of(filled, of) == "differs from its answer in probability"
    with filled.changed(schema.decision, of, {"bundle": 9}):
        assert problem_of(filled, of) == "bundle 9 does not exist"


def test_changed_evidence(filled):
    of = filled.decisions[1]
    with filled.changed(schema.evidence, of, {"client": "7"}):
        assert problem_of(filled, of) == "its evidence is not that of the commitment"
    with filled.changed(schema.evidence, of, {"record": b"x"}):
        assert problem_of(filled, of) == "its evidence is damaged"


def test_missing_evidence(filled):
    of = filled.decisions[1]
    filled.by_hand(schema.evidence.delete().where(schema.evidence.c.decision == of))
    assert problem_of(filled, of) == "its evidence is missing, and no erasure is recorded"
    filled.recorder.event("erase", of)
    assert problem_of(filled, of) == "ok"


def test_a_decision_in_another_block(filled):
    of = filled.decisions[4]
    with filled.changed(schema.decision, of, {"block": block_id(1, 1)}):
        assert problem_of(filled, of) == "is not one of the rows that its block was made of"
    with filled.changed(schema.decision, of, {"block": block_id(9, 1)}):
        assert problem_of(filled, of) == "its block does not exist"


def test_a_decision_that_is_there_twice(filled):
    of = filled.decisions[0]
    row = filled.row(schema.decision, of)
    twin = row | {"at": datetime(2026, 1, 1, tzinfo=UTC)}
    filled.by_hand(schema.decision.insert().values(twin))
    assert problem_of(filled, of) == "another decision has the same id"


@pytest.mark.parametrize("name", ["root", "rows", "count", "at", "previous", "leaves"])
def test_a_changed_block(filled, name):
    """A changed leaf tells that the row is another one; all else, that the block is."""
    of = filled.decisions[3]
    row = filled.row(schema.block, block_id(2, 1))
    other = {
        "root": bytes(32), "rows": bytes(32), "count": row["count"] + 1,
        "at": datetime(2026, 1, 1, tzinfo=UTC), "previous": bytes([1]) * 32, "leaves": bytes(8),
    }  # fmt: skip
    expected = "was changed" if name == "leaves" else "block 1 of stream 2 was changed"
    with filled.changed(schema.block, row["id"], {name: other[name]}):
        assert problem_of(filled, of) == expected


def test_blocks_before_and_after(filled):
    """The first stream begins with three decisions; the second has one in each block."""
    before, after = filled.decisions[3:]
    first, second = (filled.row(schema.block, block_id(2, number)) for number in (1, 2))
    with filled.changed(schema.block, second["id"], {"previous": bytes(32)}):
        assert problem_of(filled, before) == (
            "block 1 of stream 2 is not followed by the block after it"
        )
    with filled.changed(schema.block, first["id"], {"root": bytes(32)}):
        assert problem_of(filled, after) == (
            "block 2 of stream 2 does not follow the block before it"
        )


def test_missing_neighbours(filled):
    of, gone, _ = filled.decisions[:3]
    filled.by_hand(
        schema.decision.delete().where(schema.decision.c.id == gone),
        schema.evidence.delete().where(schema.evidence.c.decision == gone),
    )
    assert problem_of(filled, of) == "block 1 of stream 1: 1 of its 3 rows are missing"
    filled.recorder.event("retire", before=datetime.now(UTC).isoformat())
    assert problem_of(filled, of) == "ok"
