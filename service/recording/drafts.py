"""Drafts of decisions: scored applications with their answers, ready to be written."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from hashlib import sha256
from uuid import UUID

from api.register.requests import DecisionQuery
from api.responses import scored_body
from credit_scoring.decisions.application import Applications
from credit_scoring.errors import InvalidApplication
from register.evidence.records import StoredRecords, later
from register.store import Store
from register.writing.decision_rows import DecisionCall, RecordedApplication, decisions_entry
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
class _Scored:
    """Applications that are scored, and not recorded yet.

    Attributes:
        at: the time of the decisions.
        items: the applications.
        records: their raw values, compressed.
        quick: true if this project's own code explained; None without reasons.
    """

    at: datetime
    items: Sequence[RecordedApplication]
    records: Sequence[bytes]
    quick: bool | None

    def alone(self, row: int) -> "_Scored":
        """One of the applications."""
        return replace(self, items=[self.items[row]], records=[self.records[row]])


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

    def decode_at_once(self, request: DecisionRequest) -> Applications | None:
        """The application of a request if scoring is faster than a change of threads, else None.

        Raises:
            InvalidApplication: see `draft`.
        """
        return request.to_score.decode_at_once(self.served.bundle, self.kept.applications)

    def draft(self, request: DecisionRequest) -> Draft:
        """The draft of all decisions of a request.

        Raises:
            UnknownClient: no new client has a requested id.
            InvalidApplication: an application is invalid or cannot be scored.
        """
        applications = self.kept.applications.decode(request.body)
        beside = self.beside if applications.is_list else None
        scored = self._scored(request, applications, beside)
        return self._drafted(request, scored, applications.is_list, beside)

    def draft_together(
        self, requests: Sequence[DecisionRequest], applications: Sequence[Applications]
    ) -> list[Draft]:
        """The drafts of several requests, which are scored as one list.

        One after the other, they would take almost twice the time: each step finds its code and
        its tables in the processor's cache only if the same step ran just before.

        Args:
            requests: with the same `compare`.
            applications: the result of `decode_at_once` for each.

        Raises:
            UnknownClient, InvalidApplication: see `draft`; of any of the requests.
        """
        items = [item for one in applications for item in one.items]
        # The error of one alone names no place in a list.
        scored = self._scored(requests[0], Applications(items, is_list=len(items) > 1), None)
        return [self._drafted(request, scored.alone(row)) for row, request in enumerate(requests)]

    def _scored(
        self, request: DecisionRequest, applications: Applications, beside: Executor | None
    ) -> _Scored:
        """Score applications with the parameters of a request."""
        check_references(applications)
        # The words of reasons are recorded as in the file.
        scorer = request.to_score.scorer(self.served.bundle, self.served.found_peers)
        evaluation = scorer.evaluate(applications)
        codec = self.kept.codec.records
        records_of = later(beside, partial(StoredRecords.of, evaluation.rows, codec))
        explained, records = evaluation.explain(), records_of()
        store, at = self.store, self.store.now()
        items = [
            store.application(scored, at, record, scored_body(scored), item.audit)
            for scored, record, item in zip(
                explained.scored, records.texts, applications.items, strict=True
            )
        ]
        return _Scored(at, items, records.contents, explained.quick)

    def _drafted(
        self,
        request: DecisionRequest,
        scored: _Scored,
        is_list: bool = False,
        beside: Executor | None = None,
    ) -> Draft:
        """The draft of a request whose applications are scored."""
        call = DecisionCall(
            caller=request.caller,
            request_id=request.request_id,
            at=scored.at,
            bundle=self.kept.id,
            codec=self.kept.codec,
            threshold=self.served.bundle.threshold,
            compare=request.query.compare,
            automated=request.query.automated,
            reasons=request.query.reasons,
            quick=scored.quick,
        )
        answers = [item.answer for item in scored.items]
        body = b"[%b]" % b",".join(answers) if is_list else answers[0]
        key = None
        if request.key is not None:
            key = Key(
                caller=request.caller,
                key=request.key,
                fingerprint=request.fingerprint,
                decisions=tuple(item.id for item in scored.items),
                is_list=is_list,
            )
        entry = decisions_entry(call, scored.items, key, scored.records, beside)
        return Draft(body, entry, scored.items[-1].id)


def check_references(applications: Applications) -> None:
    """Refuse a reference that a database cannot keep.

    Raises:
        InvalidApplication: a reference has a NUL character.
    """
    for row, application in enumerate(applications.items):
        if application.external_id is not None and NUL in application.external_id:
            with applications.located([row]):
                raise InvalidApplication("reference has a NUL character, which cannot be recorded")
