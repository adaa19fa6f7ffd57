"""The scoring service without HTTP: one method for each body that a route sends."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from prometheus_client import Counter

from api.responses import (
    drift_body,
    features_body,
    importance_body,
    model_metadata,
)
from credit_scoring.data.table_files.client_ids import ClientId
from service.bundle_folder import BundleFolder
from service.requests import (
    CombinationsRequest,
    CounterfactualsRequest,
    ExplanationKey,
    ModelRequest,
    ScoreRequest,
    SensitivityRequest,
)
from service.served_bundle import ServedBundle
from service.settings import Settings
from serving.batching import CallQueue, Responses
from serving.observability.metrics import Metrics
from serving.workers.worker_registry import WorkerRegistry

EXPLANATIONS_KEPT = 16_000_000  # bytes of cached responses, about 600 clients with 347 features
EXPLANATIONS_WAITING = 1_000  # calls; another one is refused,
WAITING_SECONDS = 0.5  # or if the calls before it would take longer
LISTS_WAITING = 2  # lists of applications, including the one that runs: each may take seconds

if TYPE_CHECKING:  # SQLAlchemy and a driver take 42 MB
    from service.recording.register_service import RegisterService

KeyT = TypeVar("KeyT")

MODEL_BODIES: dict[str, Callable[[ServedBundle, str | None], bytes]] = {
    "features": lambda served, language: features_body(
        served.bundle, served.wording.dictionary(language)
    ),
    "importance": lambda served, language: importance_body(
        served.bundle, served.wording.peers(served.found_peers, language)
    ),
    "drift": lambda served, language: drift_body(
        served.bundle,
        served.wording.dictionary(language),
        served.found_peers.probabilities,
        served.bundle.classifier.probabilities_together(served.bundle.transformed),
    ),
}


class ScoringService:
    """The bundle in use and its responses, each kind computed, queued, cached and counted once.

    Attributes:
        settings: the settings of the service.
        metrics: counts requests, predictions and explanations.
        folder: holds the bundle in use.
        predictions: a counter for each class.
        queue, list_queue: the threads that compute, list_queue for lists of applications.
        explanations: bodies of `/get_shap`, by client.
        scores: bodies of `/score` for one application.
        lists: bodies of `/score` for lists.
        sensitivities: bodies of `/sensitivity`.
        counterfactuals: bodies of `/alternatives`, by client and language.
        combinations: bodies of `/combinations`.
        model_bodies: bodies of `/features`, `/importance` and `/drift`, by name and language.
        register: records decisions; None unless a register is configured.
    """

    def __init__(
        self, settings: Settings, registry: WorkerRegistry | None, metrics: Metrics | None
    ) -> None:
        """Load the bundle.

        Args:
            settings: name the folder.
            registry: shows this worker to the other workers; None without others.
            metrics: counters; None for new ones.

        Raises:
            BadFile: see `read_served_bundle`.
        """
        self.settings = settings
        self.metrics = metrics or Metrics()
        self.folder = BundleFolder(settings, registry or WorkerRegistry(None))
        self.predictions: Callable[[int], Counter] = self.metrics.counter(
            "predictions", "Predictions by class, 1 being default", "class"
        )
        explained = self.metrics.counter(
            "explanations", "Explanations computed or reused", "origin"
        )
        self.queue = queue = CallQueue[Any](EXPLANATIONS_WAITING, "explainer", WAITING_SECONDS)
        self.list_queue = CallQueue[Any](LISTS_WAITING, "lists")
        self.explanations: Responses[ServedBundle, ExplanationKey] = Responses(
            queue,
            ServedBundle.explanations,
            kept=EXPLANATIONS_KEPT,
            together=lambda served: served.explained_together,
            count=lambda origin: explained(origin).inc(),
        )
        self.scores: Responses[ServedBundle, ScoreRequest] = Responses(
            queue, each(ServedBundle.score), at_once=ServedBundle.score_at_once
        )
        self.lists: Responses[ServedBundle, ScoreRequest] = Responses(
            self.list_queue,
            each(ServedBundle.score),
            gives_way=lambda served: served.bundle.scorer.transformer.vectorised is None,
        )
        self.sensitivities: Responses[ServedBundle, SensitivityRequest] = Responses(
            queue, each(ServedBundle.sensitivity)
        )
        self.counterfactuals: Responses[ServedBundle, CounterfactualsRequest] = Responses(
            queue, each(ServedBundle.counterfactuals)
        )
        self.combinations: Responses[ServedBundle, CombinationsRequest] = Responses(
            queue, each(ServedBundle.combinations)
        )
        self.model_bodies: Responses[ServedBundle, ModelRequest] = Responses(
            queue,
            each(lambda served, request: MODEL_BODIES[request.name](served, request.language)),
            kept=float("inf"),
        )
        self.register: RegisterService | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take new files into use, and keep the register open, while the block runs."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self.folder.watched())
            if self.register is not None:
                await stack.enter_async_context(self.register.running())
            yield

    @property
    def current(self) -> ServedBundle:
        """The bundle in use."""
        return self.folder.current

    async def explain(self, client_id: ClientId) -> bytes:
        """The body of `/get_shap`.

        Raises:
            UnknownClient: no new client has that id.
            Busy: too many explanations wait.
        """
        current = self.current
        return await self.explanations.get(current, current.explanation_key(client_id))

    async def sensitivity(self, request: SensitivityRequest) -> bytes:
        """The body of `/sensitivity`.

        Raises:
            UnknownClient: no new client has that id.
            UnknownFeature: no feature has that name.
            InvalidApplication: the application is invalid or cannot be scored.
            Busy: too many explanations wait.
        """
        current = self.current
        if not isinstance(request.application, bytes):
            current.bundle.row_of(request.application)  # refuses an unknown id without waiting
        return await self.sensitivities.get(current, request)

    async def find_counterfactuals(self, request: CounterfactualsRequest) -> bytes:
        """The body of `/alternatives`.

        Raises:
            UnknownClient: no new client has that id.
            UnknownLanguage: `features.csv` has no words in the language.
            Busy: too many explanations wait.
        """
        current = self.current
        current.bundle.row_of(request.client)
        current.wording.check(request.language)
        return await self.counterfactuals.get(current, request)

    async def find_combinations(self, request: CombinationsRequest) -> bytes:
        """The body of `/combinations`.

        Raises:
            UnknownClient: no new client has that id.
            UnknownLanguage: `features.csv` has no words in the language.
            InvalidApplication: the application is invalid or cannot be scored.
            Busy: too many explanations wait.
        """
        current = self.current
        if not isinstance(request.application, bytes):
            current.bundle.row_of(request.application)
        current.wording.check(request.language)
        return await self.combinations.get(current, request)

    async def model_body(self, request: ModelRequest) -> bytes:
        """The body of `/features`, `/importance` or `/drift`.

        Raises:
            UnknownLanguage: `features.csv` has no words in the language.
            NotReady, NoPeers, Busy: see `score`; `/features` needs no peers.
        """
        current = self.current
        current.wording.check(request.language)
        if request.name != "features":
            await self.folder.wait_for_peers(current)
        return await self.model_bodies.get(current, request)

    def health(self) -> dict[str, Any]:
        """The body of `/health`, after rescoring a client.

        Raises:
            InconsistentScore: the score differs from that of the start.
        """
        bundle = self.current.bundle
        bundle.check()
        health = {"status": "ok", "sha256": bundle.model_sha256}
        if self.register is not None:
            health["register"] = self.register.state
        return health | self.folder.differences()

    def metadata(self, version: str) -> dict[str, Any]:
        """The body of `/model`, for a version of the service."""
        metadata = model_metadata(self.current.bundle, version)
        if workers := self.folder.workers():
            metadata["workers"] = workers
        if self.settings.kde_swap_classes:
            names = self.settings.class_names
            metadata["get_kde"] = {name: f"class {label}" for label, name in enumerate(names)}
        return metadata

    def counts(self, version: str) -> bytes:
        """The body of `/metrics`, for a version of the service."""
        sha256 = self.current.bundle.model_sha256
        return self.metrics.text(model={"sha256": sha256, "version": version})

    async def score(self, current: ServedBundle, request: ScoreRequest) -> bytes:
        """The body of `/score`, from the bundle that was in use when the request began.

        Raises:
            NotReady: the peers are not found yet.
            NoPeers: the reference clients cannot be scored.
            UnknownLanguage: `features.csv` has no words in the language.
            UnknownClient: no new client has a requested id.
            InvalidApplication: an application is invalid or cannot be scored.
            Busy: too many applications wait.
        """
        current.wording.check(request.language)
        await self.folder.wait_for_peers(current)
        return await (self.lists if request.is_list else self.scores).get(current, request)


def each(
    compute: Callable[[ServedBundle, KeyT], bytes],
) -> Callable[[ServedBundle, Sequence[KeyT]], list[bytes]]:
    """A function that computes the bodies of several keys one by one."""
    return lambda served, keys: [compute(served, key) for key in keys]
