"""The register of the service: opened at start, and closed with the application."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal, Self, get_args

import orjson

from api.openapi import with_decision
from api.register.responses import stored_body
from register.errors import RegisterAway
from register.letter.style import POLICY
from register.store import Store
from register.writing.queue.observer import Observer
from register.writing.queue.waiting import Reason
from service.recording.bundle_archive import BundleArchive
from service.recording.desk import Desk
from service.recording.documentation import with_audit
from service.recording.monitoring.answers import SharedAnswers
from service.recording.monitoring.challenger import ChallengerProcess
from service.recording.monitoring.figures_command import FiguresCommand
from service.recording.monitoring.monitoring import Monitoring
from service.recording.monitoring.weekly_gauges import WeeklyGauges
from service.recording.reader_pool import ReaderPool
from service.recording.recorder import Recorder
from service.scoring_service import ScoringService
from serving import swagger_ui
from serving.middleware import RawHeaders
from serving.observability.metrics import Metrics
from serving.workers.shared_folder import shared_folder

LOOK_SECONDS = 5.0  # between two looks at the database, without calls that record
HEAD_SECONDS = 86_400.0  # between two lines with the head of the register
HEAD_RETRY_SECONDS = 60.0
LETTER_HEADERS = [
    *swagger_ui.SECURITY_HEADERS,
    (b"cache-control", b"no-store"),
    (b"content-security-policy", POLICY.encode()),
]

log = logging.getLogger(__name__)


class RegisterService:
    """The register behind the routes of a service.

    Attributes:
        store: the open register.
        archive: keeps the bundles.
        recorder: records decisions.
        desk: reads and reviews them.
        monitoring: computes figures of them.
    """

    def __init__(self, service: ScoringService, store: Store, counts: "Counts") -> None:
        """Archive the bundle in use, and each bundle that follows it.

        Args:
            service: has the bundle in use.
            store: the open register.
            counts: of the register.
        """
        settings = service.settings
        self.store = store
        self._looked = time.monotonic()
        self._readers = ReaderPool(store.database, store.writer.look)
        self.archive = BundleArchive(store, settings.ressources_dir)
        self.recorder = Recorder(service, store, self.archive, self._readers, counts.refused)
        self.desk = Desk(store, self._readers, self.archive, service)
        self.monitoring = Monitoring(
            settings, FiguresCommand(settings), SharedAnswers(shared_folder())
        )
        self._weekly = WeeklyGauges(service.metrics, self.monitoring, self._readers)
        self._challenger = (
            ChallengerProcess(settings, service.metrics) if settings.challenger_dir else None
        )
        service.folder.listeners.append(self.archive.keep)

    @classmethod
    def open(cls, service: ScoringService) -> Self:
        """Open the register that the settings name; a database that is away does not matter.

        Raises:
            UnusableRegister: it cannot be used before somebody changes something.
        """
        counts = Counts(service.metrics)
        store = Store.open(
            service.settings,
            fast_explanations=service.settings.fast_explanations,
            observer=counts,
        )
        return cls(service, store, counts)

    @property
    def state(self) -> Literal["ok", "away"]:
        """Away while the database does not answer, which is looked at now and then."""
        now = time.monotonic()
        if now - self._looked > LOOK_SECONDS:
            self._looked = now
            self.store.writer.look()  # the next call is told
        return self.store.state

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do what is due now and then while the block runs, then close the register."""
        works = [self._publish_heads(), self._weekly.run()]
        if self._challenger is not None:
            works.append(self._challenger.run())
        tasks = [asyncio.create_task(work) for work in works]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(self.close)

    def with_examples(self, document: dict[str, Any], *, is_open: bool) -> dict[str, Any]:
        """The OpenAPI document with the body and the id of a decision.

        Args:
            document: without them.
            is_open: false for a caller who may see no id; the document has no example then.
        """
        return with_decision(with_audit(document), self.recorder.latest if is_open else None)

    def answer_headers(self, path: str) -> RawHeaders:
        """The headers of an answer, by its path: a letter has its own style."""
        is_letter = path.startswith("/decisions/") and path.endswith("/letter")
        return LETTER_HEADERS if is_letter else swagger_ui.answer_headers(path)

    def close(self) -> None:
        """Write what waits, and close the database."""
        self.archive.close()
        self.monitoring.close()
        self._readers.close()
        self.store.close()

    async def _publish_heads(self) -> None:
        """Log the head of the register at start and once a day, for `verify --head`."""
        while True:
            seconds = HEAD_SECONDS
            try:
                head = await self.desk.head()
            except RegisterAway:
                seconds = HEAD_RETRY_SECONDS
            else:
                fields = {"head": orjson.loads(stored_body(head))}
                log.info("the head of the register is %s", head.head, extra=fields)
            await asyncio.sleep(seconds)


class Counts(Observer):
    """Counts of the register, in `/metrics`."""

    def __init__(self, metrics: Metrics) -> None:
        """Begin at zero."""
        self._decisions = metrics.counter("decisions_recorded", "Decisions in the register")
        self._refused = metrics.counter(
            "register_refused", "Entries that the register did not take", "reason"
        )
        for reason in get_args(Reason):
            self._refused(reason)  # 0, not absent: a rule sees the first one as an increase
        self._seconds = metrics.histogram("register_commit_seconds", "Time to commit")
        self._waiting = metrics.live_gauge("register_waiting", "Calls that wait for the register")

    def committed(self, decisions: int, seconds: float) -> None:
        """Count a commit, in any thread."""
        self._decisions().inc(decisions)
        self._seconds().observe(seconds)

    def refused(self, reason: Reason) -> None:
        """Count an entry that was not taken, in any thread."""
        self._refused(reason).inc()

    def waiting(self, entries: int) -> None:
        """Show the number of entries that this worker has not answered, in any thread."""
        self._waiting.set(entries)
