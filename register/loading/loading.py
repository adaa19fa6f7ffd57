"""`Loading`: the second reading of a folder, which writes it into a register."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import orjson
from sqlalchemy import Connection, func, select

from credit_scoring.decisions.scoring import sent_fields
from register.archive.stored_bundles import read_codec, stored_bundle
from register.errors import UnusableRegister
from register.evidence.compression import EvidenceCodec
from register.evidence.records import record_texts
from register.loading.checking import BadLines, Checked, check, in_chunks, readings
from register.loading.folder import LoadFolder
from register.loading.given_decision import DecisionReader, GivenDecision
from register.loading.given_review import GivenRequest, GivenReview
from register.loading.lines import read_lines
from register.loading.scored_decisions import COMPARE, LoadingBundle
from register.reviews import lock
from register.store import Store
from register.tables import schema
from register.tables.column_types import beginning
from register.writing.decision_rows import DecisionCall, decisions_entry
from register.writing.entry import Entry

BEGUN, LOADED = "load", "loaded"  # kinds of events
REQUEST_ID = "load"  # of all decisions that are loaded
OTHERS = "somebody else reviewed or retired decisions while they were loaded"
IN_USE = "the register has decisions: load into one that has none"
INTERRUPTED = (
    "an earlier load into this register did not end: begin anew with a database without tables"
)


class Changed(UnusableRegister):
    """A file changed while it was loaded."""


@dataclass(frozen=True, eq=False)
class Loading:
    """Loads a folder.

    Attributes:
        store: the register.
        folder: the files.
        caller: of the events.
    """

    store: Store
    folder: LoadFolder
    caller: str

    def run(self) -> Checked:
        """Check all files, then write them, unless a line is bad.

        Raises:
            UnusableRegister: the register has decisions or an interrupted load, or a file changed.
            BadFile: a file cannot be read, or a model cannot score.
            RegisterAway: the register does not answer; what was written stays, and the register
                says so.
        """
        now = self.store.now()
        with self.store.database.reading() as connection:
            check_unused(connection)
        bundles = [LoadingBundle.load(file.bundle) for file in self.folder.decisions]
        checked = check(self.folder, bundles, now)
        if not checked.bad.count:
            counts = {
                "decisions": checked.decisions,
                "requests": checked.requests,
                "reviews": checked.reviews,
            }
            self._write_event(BEGUN, counts, only_unused=True)
            for number, bundle in enumerate(bundles):
                self._write_decisions(number, bundle, now)
            self._write_reviews(now)
            self._write_event(LOADED, counts)
        return checked

    def _write_event(
        self, kind: str, detail: Mapping[str, int | str], *, only_unused: bool = False
    ) -> None:
        entry = self.store.event(self.caller, kind, detail=detail)
        before = _before_load if only_unused else None
        self.store.writer.put(
            Entry(rows=entry.rows, at=entry.at, size=entry.size, before=before)
        ).result()

    def _write_decisions(self, number: int, bundle: LoadingBundle, now: datetime) -> None:
        """Write the decisions of a file; while some are written, the next ones are scored."""
        store, path = self.store, self.folder.decisions[number].path
        kept = store.bundles.keep(bundle.bundle, bundle.folder, bundle.samples)
        with store.bundles.database.reading() as connection:
            codec, sha256 = read_codec(connection, kept), stored_bundle(connection, kept).sha256
        self._write_event("bundle", {"bundle": kept, "sha256": sha256})
        bad, waiting = BadLines(), Future[None]()
        waiting.set_result(None)
        reader = DecisionReader(bundle.bundle, now)
        for some in in_chunks(readings(path, reader.read, bad)):
            entry = self._entry(bundle, kept, codec, some)
            waiting.result()
            waiting = store.writer.put(entry)
        waiting.result()
        if bad.count:
            raise Changed(f"{path.name} changed while it was loaded. {INTERRUPTED}")

    def _entry(
        self, bundle: LoadingBundle, kept: int, codec: EvidenceCodec, some: Sequence[GivenDecision]
    ) -> Entry:
        """The entry of some decisions."""
        evaluation = bundle.evaluate(some)
        entries = []
        for given, record, scored in zip(
            some, record_texts(evaluation.rows), evaluation.explain().scored, strict=True
        ):
            call = DecisionCall(
                caller=given.caller,
                request_id=REQUEST_ID,
                at=given.at,
                bundle=kept,
                codec=codec,
                threshold=bundle.bundle.threshold,
                compare=COMPARE,
                automated=given.automated,
                reasons=0,
                quick=None,
            )
            application = self.store.application(
                scored, given.at, record, orjson.dumps(sent_fields(scored)), given.application.audit
            )
            entries.append(decisions_entry(call, [application]))
        rows = [row for entry in entries for row in entry.rows]
        return Entry(rows=rows, at=self.store.now(), size=sum(entry.size for entry in entries))

    def _write_reviews(self, now: datetime) -> None:
        """Write requests and reviews, by time."""
        both = heapq.merge(self._requests(now), self._reviews(now), key=lambda one: one.at)
        for some in in_chunks(both):
            with self.store.database.reading() as connection:
                decisions = self._decisions(connection, [given.reference for given in some])
            entries = [
                given.entry(self.store.ids.new(), decisions[given.reference]) for given in some
            ]
            entry = Entry.of(
                self.store.now(),
                [row for one in entries for row in one.rows],
                before=partial(_before_reviews, decisions=set(decisions.values()), at=some[0].at),
            )
            self.store.writer.put(entry).result()

    def _requests(self, now: datetime) -> Iterator[GivenRequest | GivenReview]:
        if self.folder.requests.exists():
            for line in read_lines(self.folder.requests):
                yield GivenRequest.read(line, now)

    def _reviews(self, now: datetime) -> Iterator[GivenRequest | GivenReview]:
        if self.folder.reviews.exists():
            for line in read_lines(self.folder.reviews):
                yield GivenReview.read(line, now)

    def _decisions(
        self, connection: Connection, references: Sequence[str]
    ) -> dict[str | None, UUID]:
        """The id of the decision with each reference."""
        pseudonyms = {self.store.reference(reference): reference for reference in references}
        found = schema.decision.c
        wanted = select(found.reference, found.id).where(
            beginning(found.reference).in_([key[:6] for key in pseudonyms if key]),
            found.reference.in_(list(pseudonyms)),
        )
        return {pseudonyms[bytes(row.reference)]: row.id for row in connection.execute(wanted)}


def check_unused(connection: Connection) -> None:
    """Check that nothing was decided or loaded here.

    Raises:
        UnusableRegister: a decision or an earlier load is recorded.
    """
    event = schema.event.c
    kinds = set(connection.scalars(select(event.kind).where(event.kind.in_([BEGUN, LOADED]))))
    if BEGUN in kinds and LOADED not in kinds:
        raise UnusableRegister(INTERRUPTED)
    if kinds or connection.scalar(select(schema.decision.c.id).limit(1)) is not None:
        raise UnusableRegister(IN_USE)


def _before_load(connection: Connection) -> None:
    """Check in the transaction that begins a load that no other one began meanwhile."""
    lock(connection)
    check_unused(connection)


def _before_reviews(connection: Connection, decisions: set[UUID], at: datetime) -> None:
    """Check that some decisions are there, and have no review or request after a time.

    This does for a list of reviews what `register.reviews` does for one.

    Raises:
        UnusableRegister: somebody else reviewed or retired them.
    """
    lock(connection)
    ids = schema.decision.c.id
    known = connection.scalar(select(func.count()).where(ids.in_(decisions)))
    lasts = (
        connection.scalar(select(func.max(table.c.at)).where(table.c.decision.in_(decisions)))
        for table in (schema.review, schema.review_request)
    )
    if known != len(decisions) or any(last is not None and last > at for last in lasts):
        raise UnusableRegister(f"{OTHERS}. {INTERRUPTED}")
