"""Verification of audit values against the commitments of their decisions."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from register.evidence.audit_values import AuditValues
from register.tables import schema
from register.verification.decision import verify_decision

AUDIT = schema.audit.c
CHANGED = "its audit values are not those of the commitment"
MISSING = "its audit values are missing, and neither erasure nor expiry is recorded"
UNEXPECTED = "has audit values, and was recorded without any"
ORPHAN = "its audit values are there, and it is not"


@pytest.fixture
def audited(filled) -> UUID:
    """A decision with two audit values, beside decisions with others and without any."""
    return filled.decisions[0]


def of(decision: UUID, name: str | None = None):
    here = AUDIT.decision == decision
    return here if name is None else here & (AUDIT.name == name)


def problem_of(filled, decision: UUID) -> str:
    with filled.database.reading() as connection:
        return verify_decision(connection, decision)


@pytest.mark.parametrize(
    "values",
    [
        {"value": "male"}, {"value": "female "}, {"name": "gender"}, {"salt": bytes(16)},
        {"value": "35-44"},
    ],
    ids=str,
)  # fmt: skip
def test_a_changed_value_names_its_decision(filled, audited, values):
    filled.by_hand(schema.audit.update().where(of(audited, "sex")).values(values))
    assert filled.problems() == [f"decision {audited}: {CHANGED}"]
    assert problem_of(filled, audited) == CHANGED
    assert problem_of(filled, filled.decisions[1]) == "ok"


def test_a_value_that_was_removed_names_its_decision(filled, audited):
    filled.by_hand(schema.audit.delete().where(of(audited, "sex")))
    assert filled.problems() == [f"decision {audited}: {CHANGED}"]


def test_a_value_that_was_added_names_its_decision(filled, audited):
    more = AuditValues.new({"religion": "none"})
    at = filled.row(schema.decision, audited)["at"]
    filled.by_hand(schema.audit.insert().values(more.rows(audited, at)))
    assert filled.problems() == [f"decision {audited}: {CHANGED}"]


def test_values_of_a_decision_without_any_are_named(filled):
    plain = filled.decisions[2]
    assert filled.row(schema.decision, plain)["audit_commitment"] is None
    at = filled.row(schema.decision, plain)["at"]
    filled.by_hand(schema.audit.insert().values(AuditValues.new({"sex": "male"}).rows(plain, at)))
    assert filled.problems() == [f"decision {plain}: {UNEXPECTED}"]
    assert problem_of(filled, plain) == UNEXPECTED


def test_values_of_no_decision_are_named_once(filled, audited):
    nobody = UUID(int=7)
    rows = AuditValues.new({"sex": "male", "age_band": "18-24"}).rows(nobody, datetime.now(UTC))
    filled.by_hand(schema.audit.insert().values(rows))
    assert filled.problems() == [f"decision {nobody}: {ORPHAN}"]


def test_values_under_another_time_are_not_those_of_the_decision(filled, audited):
    at = filled.row(schema.decision, audited)["at"] + timedelta(microseconds=1)
    filled.by_hand(schema.audit.update().where(of(audited)).values(at=at))
    assert sorted(filled.problems()) == [
        f"decision {audited}: {MISSING}", f"decision {audited}: {ORPHAN}",
    ]  # fmt: skip


def test_values_swapped_between_decisions_name_both(filled, audited):
    other = filled.decisions[1]
    first, second = (filled.row(schema.decision, one)["at"] for one in (audited, other))
    assert first == second
    nobody = UUID(int=7)
    for one, new in ((audited, nobody), (other, audited), (nobody, other)):
        filled.by_hand(schema.audit.update().where(of(one)).values(decision=new))
    assert sorted(filled.problems()) == sorted(
        f"decision {one}: {CHANGED}" for one in (audited, other)
    )


def test_values_that_are_missing_without_an_event_are_named(filled, audited):
    filled.by_hand(schema.audit.delete().where(of(audited)))
    assert filled.problems() == [f"decision {audited}: {MISSING}"]
    assert problem_of(filled, audited) == MISSING


@pytest.mark.parametrize("kind", ["erase", "retire_audit"])
def test_values_that_an_event_tells_of_may_be_missing(filled, audited, kind):
    at = filled.row(schema.decision, audited)["at"]
    filled.by_hand(schema.audit.delete().where(of(audited)))
    if kind == "erase":
        filled.recorder.event("erase", filled.decisions[1])
        assert filled.problems() == [f"decision {audited}: {MISSING}"]
        filled.recorder.event("erase", audited)
    else:
        filled.recorder.event("retire_audit", before=at.isoformat())
        assert filled.problems() == [f"decision {audited}: {MISSING}"]
        later = at + timedelta(microseconds=1)
        filled.recorder.event("retire_audit", before=later.isoformat())
    assert filled.problems() == []
    assert problem_of(filled, audited) == "ok"


def test_a_changed_value_is_named_whatever_was_erased_or_has_expired(filled, audited):
    filled.recorder.event("erase", audited)
    later = datetime.now(UTC) + timedelta(days=1)
    filled.recorder.event("retire_audit", before=later.isoformat())
    filled.by_hand(schema.audit.update().where(of(audited, "sex")).values(value="male"))
    assert filled.problems() == [f"decision {audited}: {CHANGED}"]


def test_a_changed_commitment_is_a_changed_decision(filled, audited):
    with filled.changed(schema.decision, audited, {"audit_commitment": bytes(32)}):
        assert sorted(filled.problems()) == sorted(
            [f"decision {audited}: was changed", f"decision {audited}: {CHANGED}"]
        )
    assert filled.problems() == []


def test_the_commitment_is_to_names_and_values_in_any_order():
    salt = bytes(range(16))
    one = AuditValues({"sex": "female", "age": "35"}, salt)
    assert one.commitment == AuditValues({"age": "35", "sex": "female"}, salt).commitment
    others = [
        {"sex": "female"}, {"sex": "female", "age": "36"}, {"sex": "35", "age": "female"},
        {"sexf": "emale", "age": "35"}, {"sex": "female", "age": "35", "a": "b"}, {},
    ]  # fmt: skip
    found = {AuditValues(values, salt).commitment for values in others}
    assert len(found | {one.commitment}) == len(others) + 1
    assert AuditValues(one.values, bytes(16)).commitment != one.commitment
