"""Drafts of decisions: scored applications with their answers, ready to be written."""

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from uuid import UUID

from api.register.requests import DecisionQuery
from api.responses import scored_body
from credit_scoring.decisions.application import Applications
from credit_scoring.errors import InvalidApplication
from register.evidence.records import StoredRecords, later
from register.store import Store
from register.writing.decision_rows import DecisionCall, decisions_entry
from register.writing.entry import Entry, Key
from service.recording.bundle_archive import KeptBundle
from service.requests import ScoreRequest
from service.served_bundle import ServedBundle

NUL = "\0"  # PostgreSQL keeps no text with it


@dataclass(frozen=True, eq=False)
class DecisionRequest:
    """A request to `/decisions`; no two requests are equal.

    Attributes:
        body: JSON text, as that of `/score`.
        query: the parameters.
        caller: the caller's name.
        request_id: the id of the request.
        key: the Idempotency-Key; None without one.
    """

    body: bytes
    query: DecisionQuery
    caller: str
    request_id: str
    key: str | None

    @cached_property
    def to_score(self) -> ScoreRequest:
        """The request to `/score` with the same fields in its answer."""
        return ScoreRequest(self.body, self.query.reasons, self.query.compare)

    @cached_property
    def fingerprint(self) -> bytes:
        """SHA-256 of query and body."""
        return sha256(self.query.canonical + self.body).digest()


@dataclass(frozen=True, eq=False)
class Draft:
    """Scored decisions that are not written yet.

    Attributes:
        body: the answer.
        entry: to be written before the answer is sent.
        latest: the id of the last decision.
    """

    body: bytes
    entry: Entry
    latest: UUID


@dataclass(frozen=True, eq=False)
class Drafter:
    """Scores applications and drafts their decisions.

    Attributes:
        store: gives ids, times and pseudonyms.
        served: scores.
        kept: the bundle of `served` in the register.
        beside: compresses the evidence of a list while it is explained and hashed.
    """

    store: Store
    served: ServedBundle
    kept: KeptBundle
    beside: Executor

    def draft_at_once(self, request: DecisionRequest) -> Draft | None:
        """The draft if scoring is faster than a change of threads, else None.

        Raises:
            UnknownClient, InvalidApplication: see `draft`.
        """
        bundle, decoder = self.served.bundle, self.kept.applications
        applications = request.to_score.decode_at_once(bundle, decoder)
        return None if applications is None else self._draft(request, applications)

    def draft(self, request: DecisionRequest) -> Draft:
        """The draft of all decisions of a request.

        Raises:
            UnknownClient: no new client has a requested id.
            InvalidApplication: an application is invalid or cannot be scored.
        """
        return self._draft(request, self.kept.applications.decode(request.body))

    def _draft(self, request: DecisionRequest, applications: Applications) -> Draft:
        check_references(applications)
        # The words of reasons are recorded as in the file.
        scorer = request.to_score.scorer(self.served.bundle, self.served.found_peers)
        evaluation = scorer.evaluate(applications)
        beside = self.beside if applications.is_list else None
        codec = self.kept.codec.records
        records_of = later(beside, partial(StoredRecords.of, evaluation.rows, codec))
        explained, records = evaluation.explain(), records_of()
        store, at = self.store, self.store.now()
        recorded = [
            store.application(scored, at, record, scored_body(scored), item.audit)
            for scored, record, item in zip(
                explained.scored, records.texts, applications.items, strict=True
            )
        ]
        call = DecisionCall(
            caller=request.caller,
            request_id=request.request_id,
            at=at,
            bundle=self.kept.id,
            codec=self.kept.codec,
            threshold=self.served.bundle.threshold,
            compare=request.query.compare,
            automated=request.query.automated,
            reasons=request.query.reasons,
            quick=explained.quick,
        )
        answers = [application.answer for application in recorded]
        body = b"[%b]" % b",".join(answers) if applications.is_list else answers[0]
        key = None
        if request.key is not None:
            key = Key(
                caller=request.caller,
                key=request.key,
                fingerprint=request.fingerprint,
                decisions=tuple(application.id for application in recorded),
                is_list=applications.is_list,
            )
        entry = decisions_entry(call, recorded, key, records.contents, beside)
        return Draft(body, entry, recorded[-1].id)


def check_references(applications: Applications) -> None:
    """Refuse a reference that a database cannot keep.

    Raises:
        InvalidApplication: a reference has a NUL character.
    """
    for row, application in enumerate(applications.items):
        if application.external_id is not None and NUL in application.external_id:
            with applications.located([row]):
                raise InvalidApplication("reference has a NUL character, which cannot be recorded")
