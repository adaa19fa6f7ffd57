"""A register that is filled without a service: decisions, reviews, outcomes and events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Table

from credit_scoring.decisions.application import Application, Applications, RawRecord
from credit_scoring.decisions.scoring import NULLABLE, ApplicationScorer, ScoredApplication
from credit_scoring.explain.peers import find_peers
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.loader import load
from register.archive.archive import Archive
from register.archive.stored_bundles import read_codec
from register.database.database import Database
from register.evidence.chain import commitment
from register.evidence.pseudonyms import pseudonym
from register.evidence.records import decision_body, new_salt, record_texts
from register.ids import Ids
from register.tables import schema
from register.writing.decision_rows import DecisionCall, RecordedApplication, decisions_entry
from register.writing.entry import Entry
from register.writing.stream import Stream

PEPPER = b"a pepper of tests"
CALLER = "ann"


@dataclass(frozen=True, eq=False)
class Scored:
    """A loaded folder that scores.

    Attributes:
        folder: the files.
        bundle: the loaded bundle.
    """

    folder: Path
    bundle: Bundle

    @classmethod
    def of(cls, folder: Path) -> "Scored":
        """Load a folder."""
        return cls(folder, load(folder))

    @cached_property
    def peers(self):
        """The peers."""
        return find_peers(self.bundle.scorer, self.bundle.reference, self.bundle.threshold)

    def clients(self, number: int, **more: Any) -> list[Application]:
        """Applications of the first new clients."""
        return [Application(client, **more) for client in self.bundle.client_ids[:number]]

    def record(self, row: int) -> RawRecord:
        """The raw record of a new client, as a caller would send it."""
        raw = self.bundle.raw_rows([row])
        texts = {column: values[0] for column, values in raw.texts.items()}
        return RawRecord(raw.numbers[0], texts, frozenset())


@dataclass(eq=False)
class Recorder:
    """Writes to a register, an entry as a block.

    Attributes:
        database: of the register.
        ids: of the rows.
    """

    database: Database
    ids: Ids = field(default_factory=Ids)

    def __post_init__(self):
        self.stream = Stream(self.database)
        self.stream.resume()

    def another_stream(self) -> "Recorder":
        """A recorder as another worker has it."""
        return Recorder(self.database, self.ids)

    def keep(self, scored: Scored, answers: Sequence[bytes] = ()) -> int:
        """Archive a bundle, and give its id."""
        archive = Archive(self.database, fast_explanations=False)
        return archive.keep(scored.bundle, scored.folder, lambda: answers)

    def write(self, *rows: tuple[Table, Mapping[str, Any]], at: datetime | None = None) -> None:
        """Write rows as one block."""
        entry = Entry.of(at or datetime.now(UTC), rows)
        assert not self.stream.append([entry], lambda: None)

    def decide(
        self,
        scored: Scored,
        applications: Sequence[Application],
        *,
        bundle: int,
        reasons: int = 0,
        compare: str = "near",
        at: datetime | None = None,
    ) -> list[UUID]:
        """Record decisions as one block, and give their ids."""
        with self.database.reading() as connection:
            codec = read_codec(connection, bundle)
        call = DecisionCall(
            caller=CALLER, request_id="request", at=at or datetime.now(UTC), bundle=bundle,
            threshold=scored.bundle.threshold, compare=compare, automated=True, reasons=reasons,
            quick=None, codec=codec,
        )  # fmt: skip
        scorer = ApplicationScorer(scored.bundle, scored.peers, reasons, compare)
        evaluation = scorer.evaluate(Applications(applications))
        explained = evaluation.explain()
        call = DecisionCall(**vars(call) | {"quick": explained.quick})
        records = record_texts(evaluation.rows)
        recorded = [
            self._recorded(one, record, call.at, of.audit)
            for one, record, of in zip(explained.scored, records, applications, strict=True)
        ]
        assert not self.stream.append([decisions_entry(call, recorded)], lambda: None)
        return [one.id for one in recorded]

    def _recorded(
        self, scored: ScoredApplication, record: bytes, at: datetime, audit: Mapping[str, str]
    ) -> RecordedApplication:
        number = self.ids.new()
        client, reference = scored.client, scored.reference
        return RecordedApplication(
            id=number,
            subject=None if client is None else pseudonym(PEPPER, "client", client),
            reference=None if reference is None else pseudonym(PEPPER, "reference", reference),
            client=client,
            external_id=reference,
            probability=scored.probability,
            margin=scored.margin,
            pd=scored.pd,
            points=scored.points,
            grade=scored.grade,
            prediction=scored.prediction,
            record=record,
            answer=decision_body(number, at, answer_of(scored)),
            audit=audit,
        )

    def request_review(self, decision: UUID, statement: str | None = None) -> UUID:
        """Record a review request."""
        return self._with_note(schema.review_request, decision, statement, {})

    def review(self, decision: UUID, prediction: int, comment: str | None = None) -> UUID:
        """Record a review."""
        own = {"prediction": prediction, "reason": "INCOME"}
        return self._with_note(schema.review, decision, comment, own)

    def _with_note(self, table: Table, decision: UUID, note: str | None, own: dict) -> UUID:
        number, salt = self.ids.new(), new_salt()
        row = self._base(number) | {"decision": decision} | own
        row["commitment"] = None if note is None else commitment(salt, [note])
        rows: list[tuple[Table, Mapping[str, Any]]] = [(table, row)]
        if note is not None:
            of_note = {"owner": number, "decision": decision, "text": note, "salt": salt}
            rows.append((schema.note, of_note))
        self.write(*rows)
        return number

    def outcome(self, decision: UUID, status: str = "repaid", day: int = 1) -> UUID:
        """Record an outcome, observed on a day of November 2026."""
        row = self._base(self.ids.new()) | {
            "decision": decision, "status": status, "observed": date(2026, 11, day),
            "definition": "90dpd",
        }  # fmt: skip
        self.write((schema.outcome, row))
        return row["id"]

    def event(self, kind: str, decision: UUID | None = None, **detail: Any) -> UUID:
        """Record an event."""
        row = self._base(self.ids.new()) | {
            "kind": kind, "decision": decision, "subject": None,
            "detail": orjson.dumps(detail).decode(),
        }  # fmt: skip
        self.write((schema.event, row))
        return row["id"]

    def _base(self, number: UUID) -> dict[str, Any]:
        return {"id": number, "at": datetime.now(UTC), "caller": CALLER}


def answer_of(scored: ScoredApplication) -> bytes:
    """The answer of `/score`."""
    fields = vars(scored).items()
    return orjson.dumps({k: value for k, value in fields if value is not None or k in NULLABLE})
