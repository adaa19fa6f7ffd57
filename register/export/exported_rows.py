"""Rows of an export: a decision, the last review and the last outcome, and perhaps its evidence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import zstandard
from sqlalchemy import Connection, Row, Select, select

from credit_scoring.errors import BadFile
from register.archive.stored_bundles import read_codec, read_description
from register.database.database import Database
from register.evidence.compression import EvidenceCodec
from register.evidence.records import Evidence
from register.reading.pages import SECONDS
from register.reading.periods import Period, decision_pages
from register.reading.summaries import OUTCOME_ORDER, REVIEW_ORDER, last_rows
from register.tables import schema

DECISION = (
    "id", "at", "caller", "request_id", "subject", "reference", "bundle", "probability", "margin",
    "pd", "points", "grade", "prediction", "threshold", "compare", "automated", "commitment",
    "audit_commitment", "block",
)  # fmt: skip
LATER = (
    "model", "final", "reviews", "reviewed_at", "reviewer", "review_reason", "outcome",
    "outcome_observed", "outcome_definition",
)  # fmt: skip
EVIDENCE = ("client", "external_id", "reasons", "quick", "record", "answer")

ExportedRow = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class _KeptBundle:
    """The parts of a bundle that its decisions' evidence needs."""

    codec: EvidenceCodec
    features: Sequence[str]


@dataclass(frozen=True, eq=False)
class Export:
    """Reads decisions as rows.

    A row has the columns of `DECISION` and `LATER`, bytes in hexadecimal digits, and those of
    `EVIDENCE` if it is wanted: null where it was erased. `record` and `answer` are JSON texts, the
    record by feature; `client` is JSON text too, for an id may be a number or a text.

    Attributes:
        database: of the register.
        period: of the decisions.
        with_evidence: true to add the evidence.
    """

    database: Database
    period: Period
    with_evidence: bool
    _bundles: dict[int, _KeptBundle] = field(default_factory=dict)

    def pages(self) -> Iterator[list[ExportedRow]]:
        """All rows in the order of their times, page by page.

        Raises:
            BadFile: evidence is damaged.
        """
        statement: Select[Any] = select(schema.decision)
        for rows in decision_pages(self.database, statement, self.period):
            with self.database.reading(SECONDS) as connection:
                found = list(self._exported(connection, rows))
            yield found

    def _exported(self, connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[ExportedRow]:
        ids = [row.id for row in rows]
        reviews = last_rows(connection, schema.review, REVIEW_ORDER, ids)
        outcomes = last_rows(connection, schema.outcome, OUTCOME_ORDER, ids)
        models = _models(connection)
        evidence = self._evidence(connection, rows) if self.with_evidence else None
        for row in rows:
            review, outcome = reviews.get(row.id), outcomes.get(row.id)
            values = {name: _plain(row._mapping[name]) for name in DECISION}
            values["id"] = str(row.id)
            values |= {
                "model": models.get(row.bundle),
                "final": row.prediction if review is None else review.prediction,
                "reviews": 0 if review is None else review.number,
                "reviewed_at": review and review.at,
                "reviewer": review and review.caller,
                "review_reason": review and review.reason,
                "outcome": outcome and outcome.status,
                "outcome_observed": outcome and outcome.observed,
                "outcome_definition": outcome and outcome.definition,
            }
            if evidence is not None:
                values |= evidence.get((row.id, row.at)) or dict.fromkeys(EVIDENCE)
            yield values

    def _evidence(
        self, connection: Connection, rows: Sequence[Row[Any]]
    ) -> dict[tuple[Any, Any], ExportedRow]:
        """The columns of `EVIDENCE` of some decisions, by id and time."""
        bundles = {(row.id, row.at): row.bundle for row in rows}
        wanted = schema.evidence.c.decision.in_([row.id for row in rows])
        found = {}
        for row in connection.execute(select(schema.evidence).where(wanted)).mappings():
            key = row["decision"], row["at"]
            if key in bundles:
                found[key] = self._of_evidence(connection, dict(row), bundles[key])
        return found

    def _of_evidence(self, connection: Connection, row: dict[str, Any], bundle: int) -> ExportedRow:
        kept = self._bundle(connection, bundle)
        try:
            evidence = Evidence.of_row(row, kept.codec)
            values = orjson.loads(evidence.record)
        except (zstandard.ZstdError, orjson.JSONDecodeError) as error:
            problem = "its evidence is damaged; verify names all such decisions"
            raise BadFile(f"decision {row['decision']}", problem) from error
        record = dict(zip(kept.features, values, strict=True))
        return {
            "client": row["client"],
            "external_id": evidence.reference,
            "reasons": evidence.reasons,
            "quick": evidence.quick,
            "record": orjson.dumps(record).decode(),
            "answer": evidence.answer.decode(),
        }

    def _bundle(self, connection: Connection, bundle: int) -> _KeptBundle:
        if bundle not in self._bundles:
            features = read_description(connection, bundle).features
            self._bundles[bundle] = _KeptBundle(read_codec(connection, bundle), features)
        return self._bundles[bundle]


def _models(connection: Connection) -> dict[int, str]:
    bundle = schema.bundle.c
    return {row.id: row.model.hex() for row in connection.execute(select(bundle.id, bundle.model))}


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
