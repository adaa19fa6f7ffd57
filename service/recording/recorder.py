"""Decisions: applications that are scored, recorded, and then answered."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from register.errors import KeyInFlight, RegisterAway
from register.reading.idempotency import is_taken, recorded_answer
from register.store import Store
from register.writing.entry import Key, KeyTaken
from register.writing.queue.waiting import Reason
from service.recording.bundle_archive import BundleArchive
from service.recording.drafts import DecisionRequest, Draft, Drafter
from service.recording.gathering import Gathering
from service.recording.reader_pool import ReaderPool
from service.scoring_service import ScoringService
from serving.workers.gunicorn_worker import giving_way, thread_beside


@dataclass(frozen=True, eq=False)
class RecordedCall:
    """The answer to a request to `/decisions`, which is in the register.

    Attributes:
        body: an object, or a list in the order of the applications.
        is_repeated: true if an earlier call with the same key was answered with it.
    """

    body: bytes
    is_repeated: bool = False


class Recorder:
    """Scores applications as `/score` does, and records each before it is answered.

    Attributes:
        latest: the id of a decision that this worker recorded; None before the first one.
    """

    def __init__(
        self,
        service: ScoringService,
        store: Store,
        archive: BundleArchive,
        readers: ReaderPool,
        refused: Callable[[Reason], object],
    ) -> None:
        """Begin without a call.

        Args:
            service: has the bundle in use and its queues.
            store: the register.
            archive: knows the ids of bundles.
            readers: look up keys.
            refused: receives the reason why a request is not recorded.
        """
        self._service = service
        self._store = store
        self._archive = archive
        self._readers = readers
        self._refused = refused
        self._gathering = Gathering(store.writer)
        self._beside = thread_beside("records")
        self.latest: UUID | None = None
        self._in_flight: set[tuple[str, str]] = set()  # callers and their keys

    async def record(self, request: DecisionRequest) -> RecordedCall:
        """Score and record the applications of a request, or repeat the answer for its key.

        Raises:
            RegisterAway: the register does not answer; with a key, a later call is safe whether
                the decisions were recorded or not.
            KeyInFlight: a call with the same key is not answered yet.
            KeyReused: an earlier call with the same key had another query or body.
            Erased: the data behind the recorded answer were erased.
            Exception: as `ScoringService.score`; then nothing was recorded.
        """
        if request.key is None:
            return RecordedCall(await self._record_new(request))
        with self._alone(request.caller, request.key):
            earlier = await self._earlier(request, request.key)
            if earlier is None:
                try:
                    return RecordedCall(await self._record_new(request))
                except KeyTaken:  # by another worker, meanwhile
                    earlier = await self._earlier(request, request.key)
        if earlier is None:
            raise RegisterAway("the answer for the Idempotency-Key cannot be read now")
        return RecordedCall(earlier, is_repeated=True)

    @contextmanager
    def _alone(self, caller: str, key: str) -> Iterator[None]:
        """Refuse other calls of this worker with the same key while the block runs.

        Raises:
            KeyInFlight: there is one.
        """
        if (caller, key) in self._in_flight:
            raise KeyInFlight("a call with the same Idempotency-Key is not answered yet")
        self._in_flight.add((caller, key))
        try:
            yield
        finally:
            self._in_flight.remove((caller, key))

    async def _earlier(self, request: DecisionRequest, key: str) -> bytes | None:
        """The answer to an earlier call with a key, None without one."""

        def read(connection: Connection) -> bytes | None:
            name = Key(
                caller=request.caller,
                key=key,
                fingerprint=request.fingerprint,  # of 15 MB: the event loop does not wait for it
                decisions=(),
                is_list=request.to_score.is_list,
            )
            if not is_taken(connection, name.caller, name.key):
                return None
            return recorded_answer(connection, name).body

        try:
            return await self._readers.read(read)
        except RegisterAway:
            self._refused("away")
            raise

    async def _record_new(self, request: DecisionRequest) -> bytes:
        """The answer of new decisions, after they are written."""
        service, served = self._service, self._service.current
        await service.folder.wait_for_peers(served)
        bundle = await self._archive.kept(served)
        if self._store.state == "away":  # a list is not scored in vain
            self._refused("away")
            raise RegisterAway("the register's database does not answer")
        drafter = Drafter(self._store, served, bundle, self._beside)
        applications = drafter.decode_at_once(request)
        if applications is not None:
            draft = await self._gathering.draft(drafter, request, applications)
        else:
            queue = service.list_queue if request.to_score.is_list else service.queue
            draft = await queue.call(request, request, partial(_drafts, drafter))
            await self._gathering.put(draft.entry)
        self.latest = draft.latest
        return draft.body


def _drafts(drafter: Drafter, requests: Sequence[DecisionRequest]) -> list[Draft]:
    """The drafts of some requests, computed with pauses if pandas transforms a list."""
    if requests[0].to_score.gives_way(drafter.served):
        return giving_way(lambda: [drafter.draft(request) for request in requests])
    return [drafter.draft(request) for request in requests]
