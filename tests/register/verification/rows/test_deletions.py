"""Verification after recorded erasures and retirements."""

from datetime import UTC, datetime

import pytest

from register.evidence.chain import block_id
from register.tables import schema

BLOCKS, DECISIONS = 9, 5


def test_an_erased_decision_is_clean(filled):
    of = filled.decisions[0]
    filled.recorder.event("erase", of)
    filled.by_hand(
        schema.evidence.delete().where(schema.evidence.c.decision == of),
        schema.note.delete().where(schema.note.c.decision == of),
    )
    found = filled.verify()
    assert (found.problems.lines, found.erased, found.decisions) == ([], 1, DECISIONS)


def test_evidence_that_is_missing_without_an_event_is_named(filled):
    erased, of = filled.decisions[:2]
    filled.recorder.event("erase", erased)
    filled.recorder.event("read", of)
    filled.by_hand(schema.evidence.delete().where(schema.evidence.c.decision.in_([erased, of])))
    found = filled.verify()
    assert found.problems.lines == [
        f"decision {of}: its evidence is missing, and no erasure is recorded"
    ]
    assert found.erased == 1


@pytest.mark.parametrize("table", ["review", "review_request"])
def test_a_note_that_is_missing_without_an_event_is_named(filled, table):
    of = filled.rows[table]
    filled.by_hand(schema.note.delete().where(schema.note.c.owner == of))
    assert filled.problems() == [f"{table} {of}: its note is missing, and no erasure is recorded"]


def test_retired_rows_are_clean(filled):
    """All decisions, and reviews, requests and outcomes of them, in blocks before a time."""
    before = datetime.now(UTC)
    filled.recorder.event("retire", before=before.isoformat())
    tables = [schema.decision, schema.evidence, schema.audit, schema.review, schema.review_request]
    tables += [schema.outcome, schema.note]
    filled.by_hand(*(table.delete() for table in tables))
    found = filled.verify()
    assert (found.problems.lines, found.decisions) == ([], 0)
    assert found.retired == DECISIONS + 2 + 1 + 2
    assert found.blocks == BLOCKS + 1


def test_rows_retired_of_later_blocks_are_counted(filled):
    """A block after `before` may lack as many rows as the event says."""
    of = filled.decisions[1]
    long_ago = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
    filled.by_hand(
        schema.decision.delete().where(schema.decision.c.id == of),
        schema.evidence.delete().where(schema.evidence.c.decision == of),
        schema.audit.delete().where(schema.audit.c.decision == of),
    )
    missing = ["block 1 of stream 1: 1 of its 3 rows missing"]
    assert filled.problems() == missing
    filled.recorder.event("retire", before=long_ago, rows={str(block_id(1, 2)): 1})
    assert filled.problems() == missing
    filled.recorder.event("retire", before=long_ago, rows={str(block_id(1, 1)): 1})
    found = filled.verify()
    assert (found.problems.lines, found.retired) == ([], 1)
    another = filled.decisions[0]
    filled.by_hand(
        schema.decision.delete().where(schema.decision.c.id == another),
        schema.evidence.delete().where(schema.evidence.c.decision == another),
        schema.audit.delete().where(schema.audit.c.decision == another),
    )
    more = f"block 1 of stream 1: 2 of its 3 rows missing, among them {another}"
    assert more in filled.problems()


def test_a_row_that_changed_in_a_retired_block_is_named(filled):
    """The hash of all rows cannot be compared, and the row's own leaf can."""
    gone, of = filled.decisions[:2]
    filled.recorder.event("retire", before=datetime.now(UTC).isoformat())
    filled.by_hand(
        schema.decision.delete().where(schema.decision.c.id == gone),
        schema.evidence.delete().where(schema.evidence.c.decision == gone),
        schema.audit.delete().where(schema.audit.c.decision == gone),
        schema.decision.update().where(schema.decision.c.id == of).values(caller="bob"),
    )
    assert filled.problems() == [f"decision {of}: was changed"]
