"""Entries of decisions, from plain values."""

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from credit_scoring.data.table_files.client_ids import ClientId
from register.evidence.audit_values import AuditValues
from register.evidence.compression import WITHOUT_DICTIONARIES, EvidenceCodec
from register.evidence.records import Evidence, evidence_rows, later, new_salt
from register.tables import schema
from register.writing.entry import Entry, Key

FIGURES = 500  # bytes of a decision in memory, beside its record and its answer
AUDIT_VALUE = 200  # bytes of a value in memory


@dataclass(frozen=True, kw_only=True)
class DecisionCall:
    """The values that all decisions of one call have in common.

    Attributes:
        caller: the caller's name.
        request_id: of the call.
        at: the time of the decisions, in UTC.
        bundle: id of the row of `schema.bundle` that describes the files that scored.
        threshold: the decision threshold, a probability.
        compare: the peers.
        automated: false if a person decides with the score.
        reasons: the largest number of reasons that was requested.
        quick: true if this project's own code explained; None without reasons.
        codec: compresses the evidence of the bundle's decisions.
    """

    caller: str
    request_id: str
    at: datetime
    bundle: int
    threshold: float
    compare: str
    automated: bool
    reasons: int
    quick: bool | None
    codec: EvidenceCodec = WITHOUT_DICTIONARIES


@dataclass(kw_only=True)
class RecordedApplication:
    """A scored application, to be recorded as a decision.

    Attributes:
        id: of the decision.
        subject: pseudonym of the client's id; None without a client.
        reference: pseudonym of the external id; None without one.
        client, external_id: in clear, for the evidence.
        probability: of class 1.
        margin: log-odds from the threshold; it may be infinite.
        pd: share of such clients that default; None without a scorecard.
        points, grade: of the scorecard; None without one.
        prediction: 1 refused, 0 accepted.
        record: the raw values as they were scored, see `register.evidence.records.record_texts`.
        answer: the JSON object that is sent, with `id` and `at`.
        audit: values by name for audits, which no model sees; empty without any.
    """

    id: UUID
    subject: bytes | None
    reference: bytes | None
    client: ClientId | None
    external_id: str | None
    probability: float
    margin: float | None
    pd: float | None
    points: int | None
    grade: str | None
    prediction: int
    record: bytes
    answer: bytes
    audit: Mapping[str, str] = field(default_factory=dict)


def decisions_entry(
    call: DecisionCall,
    applications: Sequence[RecordedApplication],
    key: Key | None = None,
    records: Sequence[bytes] | None = None,
    beside: Executor | None = None,
) -> Entry:
    """The entry of a call's decisions, one or more.

    Args:
        call: the values that they have in common.
        applications: scored applications.
        key: the call's Idempotency-Key.
        records: the records of the applications, compressed by the call's codec; None to compress
            them.
        beside: compresses answers while they are hashed; None to do one after the other.
    """
    rows, size = [], 0
    evidence = {each.id: _evidence(call, each) for each in applications}
    kept_rows = later(beside, partial(evidence_rows, evidence, call.at, call.codec, records))
    commitments = [each.commitment for each in evidence.values()]
    for application, commitment, kept in zip(applications, commitments, kept_rows(), strict=True):
        audit = AuditValues.new(application.audit) if application.audit else None
        decision = {
            "id": application.id,
            "at": call.at,
            "caller": call.caller,
            "request_id": call.request_id,
            "subject": application.subject,
            "reference": application.reference,
            "bundle": call.bundle,
            "probability": _number(application.probability),
            "margin": _number(application.margin),
            "pd": _number(application.pd),
            "points": application.points,
            "grade": application.grade,
            "prediction": application.prediction,
            "threshold": _number(call.threshold),
            "compare": call.compare,
            "automated": call.automated,
            "commitment": commitment,
            "audit_commitment": audit.commitment if audit else None,
        }
        rows += [(schema.decision, decision), (schema.evidence, kept)]
        size += len(kept["record"]) + len(kept["answer"]) + FIGURES
        if audit:
            values = audit.rows(application.id, call.at)
            rows += [(schema.audit, value) for value in values]
            size += len(values) * AUDIT_VALUE
    return Entry(rows=rows, at=call.at, size=size, key=key)


def _evidence(call: DecisionCall, application: RecordedApplication) -> Evidence:
    return Evidence(
        record=application.record,
        answer=application.answer,
        client=application.client,
        reference=application.external_id,
        reasons=call.reasons,
        quick=call.quick,
        salt=new_salt(),
    )


def _number(value: float | None) -> float | None:
    """A number as it comes back: SQLite has no -0.0, and an infinite one is null."""
    return value + 0.0 if value is not None and math.isfinite(value) else None
