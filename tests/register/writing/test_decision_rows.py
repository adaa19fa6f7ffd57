"""Rows of decisions."""

import hmac
import math

import pytest
from sqlalchemy import select

from register.database.database import Database
from register.evidence.chain import canonical
from register.evidence.records import Evidence
from register.tables import schema
from register.writing.decision_rows import decisions_entry
from register.writing.writer import Writer
from tests.register.writing.entries import (
    ANSWER,
    RECORD,
    application,
    call,
    decisions,
    ids_of,
    outcomes,
)


def test_all_values_come_back(writer: Writer, database: Database, bundle: int) -> None:
    scored = application(
        subject=b"s" * 16, reference=b"r" * 16, client="C-7", external_id="loan 9é",
        probability=0.1 + 0.2, margin=-0.0, pd=None, points=None, grade=None, prediction=1,
    )  # fmt: skip
    of_call = call(bundle, automated=False, reasons=4, quick=True)
    assert outcomes([writer.put(decisions_entry(of_call, [scored]))]) == [""]
    with database.reading() as connection:
        decision = dict(connection.execute(select(schema.decision)).mappings().one())
        evidence = connection.execute(select(schema.evidence)).mappings().one()
    found = Evidence.of_row(evidence)
    assert (evidence["decision"], evidence["at"]) == (scored.id, of_call.at)
    assert found == Evidence(
        record=RECORD, answer=ANSWER, client="C-7", reference="loan 9é", reasons=4, quick=True,
        salt=found.salt,
    )  # fmt: skip
    assert len(found.salt) == 16
    assert math.copysign(1, decision["margin"]) == 1
    assert decision == {
        "id": scored.id,
        "at": of_call.at,
        "caller": "anyone",
        "request_id": "request",
        "subject": b"s" * 16,
        "reference": b"r" * 16,
        "bundle": bundle,
        "probability": 0.30000000000000004,
        "margin": 0.0,
        "pd": None,
        "points": None,
        "grade": None,
        "prediction": 1,
        "threshold": 0.5,
        "compare": "accepted",
        "automated": False,
        "commitment": found.commitment,
        "audit_commitment": None,
        "block": (1 << 32) + 1,
    }


@pytest.mark.parametrize("margin", [math.inf, -math.inf, math.nan, None])
def test_a_margin_that_is_no_finite_number_is_null(
    margin: float | None, writer: Writer, database: Database, bundle: int
) -> None:
    assert outcomes([writer.put(decisions(bundle, margin=margin))]) == [""]
    with database.reading() as connection:
        assert connection.scalars(select(schema.decision.c.margin)).all() == [None]


def test_audit_values_are_rows_beside_the_decision(
    writer: Writer, database: Database, bundle: int
) -> None:
    audit = {"sex": "f\u00e9minin \U0001f600'\"\\", "age_band": "35-44"}
    scored = application(audit=audit)
    entry = decisions_entry(call(bundle), [scored, application()])
    assert outcomes([writer.put(entry)]) == [""]
    assert entry.size > decisions(bundle, 2).size
    with database.reading() as connection:
        rows = connection.execute(select(schema.audit)).mappings().all()
        columns = schema.decision.c
        wanted = select(columns.id, columns.audit_commitment)
        commitments = {row.id: row.audit_commitment for row in connection.execute(wanted)}
    assert {row["name"]: row["value"] for row in rows} == audit
    assert {(row["decision"], row["at"]) for row in rows} == {(scored.id, entry.at)}
    ((salt,),) = {(bytes(row["salt"]),) for row in rows}
    assert len(salt) == 16
    parts = [part for pair in sorted(audit.items()) for part in pair]
    expected = hmac.new(salt, canonical(parts), "sha256").digest()
    assert commitments.pop(scored.id) == expected
    assert list(commitments.values()) == [None]


def test_an_entry_has_two_rows_for_each_decision() -> None:
    entry = decisions(1, 3)
    assert [table.name for table, _ in entry.rows] == ["decision", "evidence"] * 3
    assert entry.decisions == 3
    assert len(set(ids_of(entry))) == 3
    larger = decisions(1, 3, record=RECORD + bytes(range(256)))
    assert entry.size < larger.size < entry.size + 3 * 300
    salts = {row["salt"] for table, row in entry.rows if table is schema.evidence}
    assert len(salts) == 3
