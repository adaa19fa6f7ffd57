"""A loaded bundle with its decoders, the cached responses of simple routes, and its peers."""

import asyncio
import contextlib
import ctypes
import logging
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple

from api.application_decoder import ApplicationDecoder
from api.application_errors import ApplicationReader
from api.record_decoder import RecordDecoder
from api.responses import (
    explanation_bodies,
    reference_body,
    score_body,
    sensitivity_body,
)
from api.strict_json import SPACE
from credit_scoring.data.artifacts import MODEL_FILE, REFERENCE_FILE
from credit_scoring.decisions.application import Application, Applications
from credit_scoring.decisions.scoring import ApplicationScorer, is_quickly_scored
from credit_scoring.errors import BadFile, NoPeers, describe, foreign_code
from credit_scoring.explain.acceleration import accelerate, is_compiled
from credit_scoring.explain.peers import Compare, Peers, find_peers
from credit_scoring.model.bundle import Bundle, Prediction
from serving.batching import ResponseCache

REFERENCE_VALUES_KEPT = 8_000_000  # bytes of responses
CHECKED = 16  # clients who are explained in both ways
EXPLAINED_TOGETHER = 64  # clients, as many as the kernel takes in one block
SHORT = 65_536  # bytes of a body that is decoded in the event loop, and compared with others
PREPARING_SECONDS = 5.0  # that a caller waits for the peers

log = logging.getLogger(__name__)


class NotReady(RuntimeError):
    """The peers are not prepared yet."""


class ExplanationKey(NamedTuple):
    """A client, and whether SHAP values are those of `treeshap`, whose last bits are others."""

    client: int
    is_quick: bool


@dataclass(frozen=True)
class ScoreRequest:
    """A request to `/score`; two of the same short body are equal.

    Attributes:
        body: JSON text.
        reasons: how many reasons each application gets at most.
        compare: the peers compared with.
    """

    body: bytes = field(compare=False)
    reasons: int
    compare: Compare
    identity: object = field(init=False)

    def __post_init__(self) -> None:
        """Let long bodies differ from each other: comparing them takes longer than it saves."""
        object.__setattr__(self, "identity", self.body if len(self.body) <= SHORT else object())

    @property
    def is_list(self) -> bool:
        """True for a list of applications."""
        return self.body.lstrip(SPACE).startswith(b"[")


class SensitivityRequest(NamedTuple):
    """A request to `/sensitivity`: a client's id or an application as JSON text, and a feature."""

    application: int | bytes
    feature: str


@dataclass(frozen=True, eq=False)
class ServedBundle:
    """A loaded bundle, and what is made of it once.

    Attributes:
        bundle: never changes.
        ids: the body of `/get_ids`.
        features: the body of `/get_feat`.
        reference_values: bodies of `/get_kde`.
        peers: prepared once, beside requests; or the reason why there are none.
    """

    bundle: Bundle
    ids: bytes
    features: bytes
    reference_values: ResponseCache[tuple[str, tuple[str, str]]] = field(
        default_factory=lambda: ResponseCache(REFERENCE_VALUES_KEPT)
    )
    peers: Future[Peers | str] = field(default_factory=Future)
    _claimed: Lock = field(default_factory=Lock)

    @cached_property
    def records(self) -> RecordDecoder:
        """Decodes transformed records."""
        return RecordDecoder.of(self.bundle)

    @cached_property
    def applications(self) -> ApplicationDecoder:
        """Decodes applications."""
        return ApplicationDecoder(ApplicationReader.of(self.bundle))

    def predict(self, text: bytes) -> Prediction:
        """Score a transformed record that is JSON text.

        Raises:
            InvalidRecord: see `RecordDecoder.row_of_json`.
        """
        return self.bundle.predict(self.records.row_of_json(text))

    def reference_body(self, feature: str, class_names: tuple[str, str]) -> bytes:
        """The body of `/get_kde`.

        Raises:
            UnknownFeature: no feature has that name.
        """
        body = self.reference_values.get((feature, class_names))
        if body is None:
            body = reference_body(self.bundle, feature, class_names)
            self.reference_values.keep((feature, class_names), body)
        return body

    def explanation_key(self, client_id: int) -> ExplanationKey:
        """The key of a client's explanation.

        Raises:
            UnknownClient: no new client has that id.
        """
        self.bundle.row_of(client_id)
        return ExplanationKey(client_id, self.bundle.classifier.is_quick)

    def explanations(self, keys: Sequence[ExplanationKey]) -> list[bytes]:
        """The bodies of `/get_shap`."""
        return explanation_bodies(self.bundle, [key.client for key in keys])

    @property
    def explained_together(self) -> int:
        """How many clients are explained in one call: several only if that is quick."""
        return EXPLAINED_TOGETHER if self.bundle.classifier.is_quick else 1

    def score(self, request: ScoreRequest) -> bytes:
        """The body of `/score`, once there are peers.

        Raises:
            UnknownClient: no new client has an id.
            InvalidApplication: an application is none, or cannot be scored.
        """
        return self._scored(request, self.applications.decode(request.body))

    def score_at_once(self, request: ScoreRequest) -> bytes | None:
        """The body of `/score` if it takes less time than a change of threads; else None.

        Raises:
            UnknownClient: no new client has that id.
            InvalidApplication: the application is none, or cannot be scored.
        """
        if request.reasons or request.is_list or len(request.body) > SHORT:
            return None
        applications = self.applications.decode(request.body)
        if not is_quickly_scored(self.bundle, applications):
            return None
        return self._scored(request, applications)

    def sensitivity(self, request: SensitivityRequest) -> bytes:
        """The body of `/sensitivity`.

        Raises:
            UnknownClient: no new client has that id.
            UnknownFeature: no feature has that name.
            InvalidApplication: the application is none, or cannot be scored.
        """
        asked = request.application
        if isinstance(asked, bytes):
            application = self.applications.decode_one(asked.strip())
        else:
            application = Application(asked)
        return sensitivity_body(self.bundle, application, request.feature)

    def _scored(self, request: ScoreRequest, applications: Applications) -> bytes:
        scorer = ApplicationScorer(self.bundle, self.found_peers, request.reasons, request.compare)
        return score_body(scorer, applications)

    @property
    def found_peers(self) -> Peers:
        """The peers, once they are prepared.

        Raises:
            NoPeers: the reference clients cannot be scored.
        """
        found = self.peers.result(0)
        if isinstance(found, str):
            raise NoPeers(found)
        return found

    async def wait_for_peers(self) -> None:
        """Wait for the peers.

        Raises:
            NotReady: they are not prepared in time; they will be.
            NoPeers: the reference clients cannot be scored.
        """
        if not self.peers.done():
            waiting = asyncio.shield(asyncio.wrap_future(self.peers))
            try:
                await asyncio.wait_for(waiting, PREPARING_SECONDS)
            except TimeoutError as error:
                raise NotReady from error
        _ = self.found_peers

    def claim(self) -> bool:
        """True for the first caller, who has to call `prepare`."""
        return self._claimed.acquire(blocking=False)

    def prepare(self, *, quickly: bool = False) -> None:
        """Find the peers; a problem is logged in one line.

        Args:
            quickly: true if explanations are to be accelerated: first, or afterwards if that takes
                seconds.
        """
        bundle = self.bundle

        def failed(error: BaseException) -> str:
            """Without the error's own text: it may hold a client's value."""
            return (
                f"cannot score and explain the clients of {REFERENCE_FILE} ({type(error).__name__})"
            )

        first = quickly and self._accelerate(only_soon=True)
        result: Peers | str
        try:
            with foreign_code(MODEL_FILE, failed):
                _ = bundle.classifier.thresholds  # found once, too
                result = find_peers(bundle.scorer, bundle.reference, bundle.threshold)
        except BadFile as problem:
            result = str(problem)
        if isinstance(result, str):
            log.error("the credit desk has nothing to compare with: %s", result)
        elif (auc := result.reversed_auc()) is not None:
            log.warning(
                "the model ranks the clients of %s the wrong way round (AUC %.3f on their TARGET):"
                " it may have been fitted with the classes reversed; 1 must be a client in default",
                REFERENCE_FILE,
                auc,
            )
        self.peers.set_result(result)
        if quickly and not first:  # scores do not wait for the compiler
            self._accelerate(only_soon=False)
        give_back_memory()

    def _accelerate(self, *, only_soon: bool) -> bool:
        """Accelerate explanations, or do nothing if that takes long; true if it was tried.

        Whatever numba raises, they stay as they are.
        """
        classifier = self.bundle.classifier
        try:
            with foreign_code(MODEL_FILE, describe):
                if only_soon and not is_compiled(classifier):
                    return False
                accelerate(classifier, self.bundle.transformed[:CHECKED])
        except BadFile as problem:
            log.warning("explained by LightGBM itself: %s", problem.__cause__)
        return True

    def state(self) -> dict[str, Any]:
        """The files in use, as every worker shows them to the others."""
        return {"sha256": self.bundle.sha256, "threshold": self.bundle.threshold}


def give_back_memory() -> None:
    """Return freed memory to the system: glibc keeps a quarter of a large process.

    It is called when nothing holds a table, or what is made of the reference clients, any more.
    """
    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
