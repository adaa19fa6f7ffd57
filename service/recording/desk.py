"""Recorded decisions: read, reviewed, followed to their outcomes, and explained in letters."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from api.register.requests import OutcomeBody, ReviewBody, ReviewRequestBody
from api.register.responses import stored_body
from register.archive.feature_dictionaries import kept_dictionary
from register.errors import RegisterAway
from register.letter.languages.texts import Language
from register.letter.letter import Letter, letter_html
from register.outcomes import OutcomeItem, OutcomeReport, record_outcomes
from register.reading.decision import read_decision
from register.reading.decisions import DecisionFilter, DecisionPage, find_decisions
from register.reading.idempotency import recorded_request
from register.reviews import (
    recorded_time,
    review_entry,
    review_request_entry,
    review_request_key,
)
from register.store import Store
from register.stored import Review, ReviewRequest, StoredDecision
from register.verification.chain.head import Head, read_head
from register.verification.decision import verify_decision
from register.writing.entry import Entry, Key, KeyTaken
from service.recording.bundle_archive import BundleArchive
from service.recording.reader_pool import ReaderPool
from service.recording.recorder import RecordedCall
from service.scoring_service import ScoringService


@dataclass(frozen=True, eq=False)
class Desk:
    """Answers the routes about recorded decisions.

    Who reads a person's decisions is recorded before the answer is given.

    Attributes:
        store: the register.
        readers: read it.
        archive: knows the features of the bundle in use.
        service: has the bundle in use, and names the lender in letters.
    """

    store: Store
    readers: ReaderPool
    archive: BundleArchive
    service: ScoringService

    async def find(self, caller: str, wanted: DecisionFilter) -> DecisionPage:
        """A page of decisions, the newest first.

        Raises:
            InvalidCursor: `wanted.after` is not a cursor.
            RegisterAway: the register does not answer.
        """
        page = await self.readers.read(lambda connection: find_decisions(connection, wanted))
        filters = {"client": wanted.subject, "reference": wanted.reference}
        if used := [name for name, value in filters.items() if value is not None]:
            detail = {"by": used, "decisions": len(page.decisions)}
            await self._write(
                self.store.event(caller, "list", subject=wanted.subject, detail=detail)
            )
        return page

    async def read(self, caller: str, decision: UUID, *, verify: bool) -> StoredDecision:
        """All that is kept of a decision.

        Args:
            caller: the caller's name.
            decision: its id.
            verify: true to check its commitment and its block.

        Raises:
            UnknownDecision: no decision has this id.
            RegisterAway: the register does not answer.
        """

        def read(connection: Connection) -> StoredDecision:
            stored = read_decision(connection, decision)
            if verify:
                return replace(stored, verified=verify_decision(connection, decision))
            return stored

        stored = await self.readers.read(read)
        await self._write(self.store.event(caller, "read", decision=decision))
        return stored

    async def letter(self, caller: str, decision: UUID, language: Language) -> Letter:
        """The letter about a decision.

        Raises:
            UnknownDecision: no decision has this id.
            Erased: the data behind the decision were erased.
            LetterHeld: a person must decide before a letter is sent.
            RegisterAway: the register does not answer.
        """
        kept = await self.archive.kept(self.service.current)
        lender, flags = self.service.settings, kept.flags

        def write(connection: Connection) -> Letter:
            stored = read_decision(connection, decision)
            names = list(stored.evidence.record) if stored.evidence is not None else []
            dictionary = kept_dictionary(connection, stored.bundle, names)
            currency = self.service.settings.currency
            return letter_html(stored, lender, language, flags, dictionary, currency)

        letter = await self.readers.read(write)
        detail = {"template": letter.version, "language": language}
        await self._write(self.store.event(caller, "letter", decision=decision, detail=detail))
        return letter

    async def request_review(
        self, caller: str, decision: UUID, body: ReviewRequestBody, key: str | None
    ) -> RecordedCall:
        """Record that a client asks for a review, or repeat the answer for a call's key.

        Raises:
            UnknownDecision: no decision has this id.
            KeyInFlight, KeyReused, Erased: see `Recorder.record`.
            RegisterAway: the register does not answer.
        """
        store = self.store
        request = ReviewRequest(
            id=store.ids.new(), at=store.now(), caller=caller, statement=body.statement
        )
        if key is None:
            return await self._new_request(request, decision, None)
        of_call = review_request_key(request, decision, key, store.pepper)
        read = partial(recorded_request, key=of_call, decision=decision)
        earlier = await self.readers.read(read)
        if earlier is None:
            try:
                return await self._new_request(request, decision, of_call)
            except KeyTaken:  # by another call, meanwhile
                earlier = await self.readers.read(read)
        if earlier is None:
            raise RegisterAway("the answer for the Idempotency-Key cannot be read now")
        return RecordedCall(stored_body(earlier), is_repeated=True)

    async def _new_request(
        self, request: ReviewRequest, decision: UUID, key: Key | None
    ) -> RecordedCall:
        entry = review_request_entry(request, decision, key)
        await self._write(entry)
        return RecordedCall(stored_body(replace(request, at=recorded_time(entry))))

    async def review(
        self, caller: str, decision: UUID, body: ReviewBody, expected: int | None
    ) -> Review:
        """Record a person's decision on a decision.

        Args:
            caller: the reviewer.
            decision: its id.
            body: the review.
            expected: the number of reviews that the reviewer has seen; None for any.

        Raises:
            UnknownDecision: no decision has this id.
            StaleReview: there is another number of reviews.
            RegisterAway: the register does not answer.
        """
        store = self.store
        review = Review(
            id=store.ids.new(),
            at=store.now(),
            reviewer=caller,
            decision=body.decision,
            reason=body.reason,
            comment=body.comment,
        )
        entry = review_entry(review, decision, expected)
        await self._write(entry)
        return replace(review, at=recorded_time(entry))

    async def record_outcomes(self, caller: str, outcomes: Sequence[OutcomeBody]) -> OutcomeReport:
        """Record how loans went; unknown decisions are named, the others kept.

        Raises:
            RegisterAway: the register does not answer.
        """
        items = [OutcomeItem(**outcome.model_dump()) for outcome in outcomes]
        return await self.readers.call(lambda: record_outcomes(self.store, caller, items))

    async def head(self) -> Head:
        """The head of the register, to be published.

        Raises:
            RegisterAway: the register does not answer.
        """
        return await self.readers.read(read_head)

    async def _write(self, entry: Entry) -> None:
        await asyncio.wrap_future(self.store.writer.put(entry))
