"""Bundles that are put into the register before their first decision."""

import logging
from collections.abc import Sequence, Set
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Lock
from weakref import WeakKeyDictionary

from api.application_decoder import ApplicationDecoder
from api.application_errors import ApplicationReader
from api.responses import scored_body
from credit_scoring.errors import BadFile
from credit_scoring.explain.peers import Peers
from credit_scoring.model.bundle import Bundle
from credit_scoring.monitoring.feature_summaries import feature_summaries
from register.archive.answer_samples import REASONS, answer_samples
from register.archive.reference_scores import ReferenceScores
from register.archive.scored_reference import of_probabilities
from register.archive.stored_bundles import read_codec, stored_bundle
from register.errors import RegisterAway, UnusableRegister
from register.evidence.compression import EvidenceCodec
from register.store import Store
from service.requests import ScoreRequest
from service.served_bundle import ServedBundle
from serving.workers.gunicorn_worker import NotReady, awaited, giving_way, thread_beside

RETRY_SECONDS = 1.0
SLOW_PAUSES = 10  # of a second each, while files differ from those that were loaded
WAIT_SECONDS = 1.5  # the longest wait of a request
CALLER = "(service)"  # of events of the service itself; no caller can have this name

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeptBundle:
    """A bundle in the register.

    Attributes:
        id: of its row in `schema.bundle`.
        stream: id of the writer's stream when it was kept. Another one begins after the database
            was restored from a backup, which may lack the bundle.
        codec: compresses the evidence of its decisions.
        flags: names of its features that are 1 or 0.
        applications: decodes applications that are recorded.
    """

    id: int
    stream: int
    codec: EvidenceCodec
    flags: Set[str]
    applications: ApplicationDecoder


class BundleArchive:
    """Archives each bundle that comes into use, in a thread beside the event loop."""

    def __init__(self, store: Store, folder: Path) -> None:
        """Start the thread.

        Args:
            store: the register.
            folder: the folder of the bundle in use.
        """
        self._store = store
        self._folder = folder
        self._thread = thread_beside("archive")
        self._stopped = Event()
        self._lock = Lock()
        self._kept: WeakKeyDictionary[ServedBundle, Future[KeptBundle]] = WeakKeyDictionary()
        self._latest: ServedBundle | None = None

    def keep(self, served: ServedBundle) -> Future[KeptBundle]:
        """Start to archive a bundle, once, and return at once.

        While the database is away it is tried again, until another bundle is in use.
        """
        with self._lock:
            kept = self._kept.get(served)
            if kept is None:
                self._latest = served
                kept = self._kept[served] = self._thread.submit(self._keep, served)
                kept.add_done_callback(report)
            return kept

    async def kept(self, served: ServedBundle) -> KeptBundle:
        """A bundle in the register.

        Raises:
            RegisterAway: it is not archived yet; a later call may succeed.
        """
        try:
            kept = await awaited(self.keep(served), WAIT_SECONDS)
            if kept.stream != self._store.writer.stream.id:
                with self._lock:
                    self._kept.pop(served, None)
                kept = await awaited(self.keep(served), WAIT_SECONDS)
        except NotReady as error:
            raise RegisterAway("the model in use is not in the register yet") from error
        return kept

    def close(self) -> None:
        """Stop to try."""
        self._stopped.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _keep(self, served: ServedBundle) -> KeptBundle:
        """Archive a bundle; log a problem once."""
        problem, kept = "", None
        try:
            while kept is None:
                try:
                    kept = self._archived(served)
                except (RegisterAway, UnusableRegister, BadFile) as error:
                    self._store.writer.look()
                    if str(error) != problem:
                        problem = str(error)
                        log.warning("the model in use is not in the register yet: %s", problem)
                    if self._is_over(served, isinstance(error, BadFile)):
                        raise RegisterAway("the model is not in the register") from error
            return kept
        finally:
            if kept is None:
                with self._lock:
                    self._kept.pop(served, None)  # a later call tries it again

    def _is_over(self, served: ServedBundle, is_slow: bool) -> bool:
        """Wait before another attempt; true at once if it would be in vain.

        Args:
            served: the bundle to be archived.
            is_slow: true if each attempt reads files that another bundle will soon have.
        """
        pauses = SLOW_PAUSES if is_slow else 1
        return self._latest is not served or any(
            self._stopped.wait(RETRY_SECONDS) or self._latest is not served for _ in range(pauses)
        )

    def _archived(self, served: ServedBundle) -> KeptBundle:
        """Archive a bundle, and record as an event that it is in use.

        Raises:
            RegisterAway: the database does not answer.
            UnusableRegister: it is not a register of this release.
            BadFile: a file changed since it was loaded.
        """
        store = self._store
        store.bundles.database.check()  # its file may have been replaced
        bundle = store.bundles.keep(
            served.bundle,
            self._folder,
            answers=partial(self._samples, served),
            reference=partial(self._reference_scores, served),
        )
        with store.bundles.database.reading() as connection:
            codec = read_codec(connection, bundle)
            sha256 = stored_bundle(connection, bundle).sha256
        used = store.event(CALLER, "bundle", detail={"bundle": bundle, "sha256": sha256})
        store.writer.put(used).result()
        applications = ApplicationDecoder(ApplicationReader.of(served.bundle, takes_audit=True))
        applications.rehearse()
        stream = store.writer.stream.id
        return KeptBundle(bundle, stream, codec, flags_of(served.bundle), applications)

    def _samples(self, served: ServedBundle) -> Sequence[bytes]:
        """Answers to new clients of a bundle; none if it has no peers to compare with.

        Raises:
            RegisterAway: the service stops.
        """
        if isinstance(self._peers(served), str):
            return []
        return giving_way(partial(sample_answers, served))

    def _reference_scores(self, served: ServedBundle) -> ReferenceScores | None:
        """Scores of the reference clients of a bundle; None if it has no peers to compare with.

        Raises:
            RegisterAway: the service stops.
        """
        peers = self._peers(served)
        if isinstance(peers, str):
            return None
        return giving_way(partial(of_probabilities, served.bundle, peers.probabilities))

    def _peers(self, served: ServedBundle) -> Peers | str:
        """The peers of a bundle, or the reason why there are none, when they are found.

        Raises:
            RegisterAway: the service stops.
        """
        while not served.peers.done():
            if self._stopped.wait(RETRY_SECONDS / 10):
                raise RegisterAway("the service stops")
        return served.peers.result()


def report(kept: Future[KeptBundle]) -> None:
    """Log a fault of the service while a bundle was archived."""
    if not kept.cancelled() and not isinstance(fault := kept.exception(), RegisterAway | None):
        log.critical("a bundle cannot be put into the register", exc_info=fault)


def flags_of(bundle: Bundle) -> frozenset[str]:
    """Names of the features that are 1 or 0 for every client with a value."""
    found = feature_summaries(bundle.dictionary, bundle.reference, bundle.raw)
    return frozenset(feature.name for feature in found.features if feature.kind == "flag")


def sample_answers(served: ServedBundle) -> list[bytes]:
    """Answers to the first new clients, as many as are computed in time; needs the peers."""
    wanted = ScoreRequest(b"", REASONS, "near")
    return answer_samples(wanted.scorer(served.bundle, served.found_peers), scored_body)
