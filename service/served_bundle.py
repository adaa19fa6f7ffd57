"""A loaded bundle with its decoders, the responses of simple routes, and its peers."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

from api.application_decoder import ApplicationDecoder
from api.application_errors import ApplicationReader
from api.record_decoder import RecordDecoder
from api.responses import (
    combinations_body,
    counterfactuals_body,
    explanation_bodies,
    reference_body,
    score_body,
    sensitivity_body,
)
from credit_scoring.data.artifacts import METADATA_FILE, MODEL_FILE, REFERENCE_FILE
from credit_scoring.data.table_files.client_ids import ClientId
from credit_scoring.decisions.application import Application, Applications
from credit_scoring.decisions.scoring import ApplicationScorer, is_quickly_scored
from credit_scoring.errors import BadFile, NoPeers, describe, foreign_code, naming
from credit_scoring.explain.peers import Peers, find_peers
from credit_scoring.explain.tree_kernel.acceleration import accelerate, is_compiled
from credit_scoring.explain.wording import Wording
from credit_scoring.model.bundle import Bundle, Prediction
from credit_scoring.whatif.combinations import CombinationFinder
from service.requests import (
    SHORT,
    CombinationsRequest,
    CounterfactualsRequest,
    ExplanationKey,
    ScoreRequest,
    SensitivityRequest,
)
from serving.batching import ResponseCache
from serving.workers.memory import give_back_memory

REFERENCE_VALUES_KEPT = 8_000_000  # bytes of cached responses
CHECKED = 16  # clients whom both `treeshap` and LightGBM explain
EXPLAINED_TOGETHER = 64  # clients in one call, as many as `treeshap` takes in one block

# Likely causes of a model that ranks clients the wrong way round.
REVERSED = (
    "it may have been fitted with the classes reversed, 1 being a good client; if so, put"
    f' "default_class": 0 into {METADATA_FILE}'
)
CHOSEN = f"the default_class of {METADATA_FILE} may be that of a good client"

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ServedBundle:
    """A loaded bundle with its decoders, cached responses and peers.

    Attributes:
        bundle: the loaded bundle.
        ids: the body of `/get_ids`.
        features: the body of `/get_feat`.
        wording: the words of answers, by language.
        reference_values: cached bodies of `/get_kde`.
        peers: the peers, or the reason why there are none; set by `prepare`.
    """

    bundle: Bundle
    ids: bytes
    features: bytes
    wording: Wording
    reference_values: ResponseCache[tuple[str, tuple[str, str]]] = field(
        default_factory=lambda: ResponseCache(REFERENCE_VALUES_KEPT)
    )
    peers: Future[Peers | str] = field(default_factory=Future)
    _claimed: Lock = field(default_factory=Lock)

    @cached_property
    def records(self) -> RecordDecoder:
        """The decoder of transformed records."""
        return RecordDecoder.of(self.bundle)

    @cached_property
    def applications(self) -> ApplicationDecoder:
        """The decoder of applications."""
        return ApplicationDecoder(ApplicationReader.of(self.bundle))

    def predict(self, text: bytes) -> Prediction:
        """Score a transformed record in JSON text.

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

    def explanation_key(self, client_id: ClientId) -> ExplanationKey:
        """The key of a client's explanation.

        Raises:
            UnknownClient: no new client has that id.
        """
        self.bundle.row_of(client_id)
        return ExplanationKey(client_id, self.bundle.classifier.is_quick)

    def explanations(self, keys: Sequence[ExplanationKey]) -> list[bytes]:
        """The bodies of `/get_shap`, in the order of the keys."""
        return explanation_bodies(self.bundle, [key.client for key in keys])

    @property
    def explained_together(self) -> int:
        """The number of clients to explain in one call: several only if that is quick."""
        return EXPLAINED_TOGETHER if self.bundle.classifier.is_quick else 1

    def score(self, request: ScoreRequest) -> bytes:
        """The body of `/score`; needs the peers.

        Raises:
            UnknownClient: no new client has a requested id.
            InvalidApplication: an application is invalid or cannot be scored.
        """
        return self._scored(request, self.applications.decode(request.body))

    def score_at_once(self, request: ScoreRequest) -> bytes | None:
        """The body of `/score` if computing it is faster than a change of threads, else None.

        Raises:
            UnknownClient: no new client has that id.
            InvalidApplication: the application is invalid or cannot be scored.
        """
        applications = self.decode_at_once(request, self.applications)
        return None if applications is None else self._scored(request, applications)

    def decode_at_once(self, request: ScoreRequest, by: ApplicationDecoder) -> Applications | None:
        """The application if scoring it is faster than a change of threads, else None.

        Raises:
            InvalidApplication: the application is invalid.
        """
        if request.reasons or request.strengths or request.is_list or len(request.body) > SHORT:
            return None
        applications = by.decode(request.body)
        return applications if is_quickly_scored(self.bundle, applications) else None

    def sensitivity(self, request: SensitivityRequest) -> bytes:
        """The body of `/sensitivity`.

        Raises:
            UnknownClient: no new client has that id.
            UnknownFeature: no feature has that name.
            InvalidApplication: the application is invalid or cannot be scored.
        """
        return sensitivity_body(self.bundle, self._one(request.application), request.feature)

    def counterfactuals(self, request: CounterfactualsRequest) -> bytes:
        """The body of `/alternatives`.

        Raises:
            UnknownClient: no new client has that id.
        """
        dictionary = self.wording.dictionary(request.language)
        return counterfactuals_body(self.bundle, dictionary, request.client)

    def combinations(self, request: CombinationsRequest) -> bytes:
        """The body of `/combinations`.

        Raises:
            UnknownClient: no new client has that id.
            InvalidApplication: the application is invalid or cannot be scored.
        """
        dictionary = self.wording.dictionary(request.language)
        application = self._one(request.application)
        return combinations_body(self.bundle, self.combination_finder, dictionary, application)

    @cached_property
    def combination_finder(self) -> CombinationFinder:
        """Finds combinations of changes."""
        bundle = self.bundle
        return CombinationFinder(bundle.scorer, bundle.threshold, bundle.reference, bundle.raw)

    def _one(self, given: ClientId | bytes) -> Application:
        """An application in JSON, or that of a client's id.

        Raises:
            InvalidApplication: the text is not an application.
        """
        if isinstance(given, bytes):
            return self.applications.decode_one(given.strip())
        return Application(given)

    def _scored(self, request: ScoreRequest, applications: Applications) -> bytes:
        peers = self.wording.peers(self.found_peers, request.language)
        return score_body(self.scorer(request, peers), applications)

    def scorer(self, request: ScoreRequest, peers: Peers | None = None) -> ApplicationScorer:
        """The scorer for a request; needs the peers.

        Args:
            request: has the numbers of reasons and strengths.
            peers: with words in another language; None for those of the file, as they are recorded.

        Raises:
            NoPeers: the reference clients cannot be scored.
        """
        return ApplicationScorer(
            self.bundle,
            peers or self.found_peers,
            request.reasons,
            request.compare,
            request.strengths,
        )

    @cached_property
    def found_peers(self) -> Peers:
        """The peers, after `prepare` has ended.

        Raises:
            NoPeers: the reference clients cannot be scored.
        """
        found = self.peers.result(0)
        if isinstance(found, str):
            raise NoPeers(found)
        return found

    def claim(self) -> bool:
        """True for the first caller, who has to call `prepare`."""
        return self._claimed.acquire(blocking=False)

    def prepare(self, *, quickly: bool = False) -> None:
        """Find the peers; log a problem in one line.

        Args:
            quickly: true to accelerate explanations: before, or afterwards if that takes seconds.
        """
        bundle = self.bundle

        def failed(error: BaseException) -> str:
            """Leave out the error's own text, which may quote a client's value."""
            return (
                f"cannot score and explain the clients of {REFERENCE_FILE} ({type(error).__name__})"
            )

        first = quickly and self._accelerate(only_soon=True)
        result: Peers | str
        try:
            with naming(MODEL_FILE, bundle.model_file), foreign_code(MODEL_FILE, failed):
                _ = bundle.classifier.split_points  # computed and cached
                result = find_peers(bundle.scorer, bundle.reference, bundle.threshold)
        except BadFile as problem:
            result = str(problem)
        if isinstance(result, str):
            log.error("the credit desk has nothing to compare with: %s", result)
        elif (auc := result.reversed_auc()) is not None:
            log.warning(
                "the model ranks the clients of %s the wrong way round (AUC %.3f on their TARGET):"
                " %s; in TARGET, 1 must be a client in default",
                REFERENCE_FILE,
                auc,
                CHOSEN if "default_class" in bundle.metadata else REVERSED,
            )
        self.peers.set_result(result)
        if quickly and not first:  # requests do not wait for the compiler
            self._accelerate(only_soon=False)
        give_back_memory()

    def _accelerate(self, *, only_soon: bool) -> bool:
        """Accelerate explanations, and return true if it was tried.

        After any exception of numba, LightGBM goes on explaining.

        Args:
            only_soon: true to do nothing if that takes long.
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
        """The hashes and the threshold that this worker shows to the others."""
        return {"sha256": self.bundle.sha256, "threshold": self.bundle.threshold}
