"""The scoring service without HTTP: the bundle in use, and the queues and caches of responses."""

import math
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter

from api.openapi import with_components
from api.responses import model_metadata
from credit_scoring.data.table_files.client_ids import ClientId
from credit_scoring.model.bundle import Prediction
from service.bundle_folder import BundleFolder
from service.requests import ExplanationRequest, ModelRequest, ScoreRequest, ServedRequest
from service.served_bundle import ServedBundle
from service.settings import Settings
from serving.batching import CallQueue, Responses
from serving.observability.logs import LogWriter
from serving.observability.metrics import Metrics
from serving.workers.worker_registry import WorkerRegistry

EXPLANATIONS_KEPT = 16_000_000  # bytes of cached responses, about 600 clients with 347 features
EXPLANATIONS_WAITING = 1_000  # calls; another one is refused,
WAITING_SECONDS = 0.5  # or if the calls before it would take longer
LISTS_WAITING = 2  # lists of applications, including the one that runs: each may take seconds

if TYPE_CHECKING:  # SQLAlchemy and a driver take 42 MB
    from service.recording.register_service import RegisterService


class ScoringService:
    """The bundle in use and its responses, each kind computed, queued, cached and counted once.

    Attributes:
        settings: the settings of the service.
        metrics: counts requests, predictions and explanations.
        folder: holds the bundle in use.
        predictions: a counter for each class.
        queue, list_queue: the threads that compute, list_queue for lists of applications.
        explanations: bodies of `/get_shap`, by client.
        model_bodies: bodies of `/features`, `/importance` and `/drift`.
        bodies: bodies that are not cached.
        lists: bodies of `/score` for lists.
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
            BadFile: see `ServedBundle.read`.
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
        self.queue = CallQueue[Any](EXPLANATIONS_WAITING, "explainer", WAITING_SECONDS)
        self.list_queue = CallQueue[Any](LISTS_WAITING, "lists")
        self.explanations = Responses[ServedBundle](
            self.queue, EXPLANATIONS_KEPT, lambda origin: explained(origin).inc()
        )
        self.model_bodies = Responses[ServedBundle](self.queue, kept=math.inf)
        self.bodies = Responses[ServedBundle](self.queue)
        self.lists = Responses[ServedBundle](self.list_queue)
        self.register: RegisterService | None = None

    @asynccontextmanager
    async def running(self, logs: LogWriter | None = None) -> AsyncIterator[None]:
        """Take new files into use, and keep the register open, while the block runs.

        Args:
            logs: closed at the end, as uvicorn ends the process by a signal: nothing else would
                run; None without a log.
        """
        async with AsyncExitStack() as stack:
            if logs is not None:
                stack.callback(logs.close)
            stack.enter_context(self.folder.watched())
            if self.register is not None:
                await stack.enter_async_context(self.register.running())
            yield

    @property
    def current(self) -> ServedBundle:
        """The bundle in use."""
        return self.folder.current

    def predict(self, current: ServedBundle, body: bytes) -> Prediction:
        """Score a transformed record by a bundle, which is faster than a change of threads.

        Raises:
            InvalidRecord: the text is not a record of the model.
        """
        scored = current.predict(body)
        self.predictions(scored.prediction).inc()
        return scored

    async def explain(self, client_id: ClientId) -> bytes:
        """The body of `/get_shap`.

        Raises:
            UnknownClient: no new client has that id.
            Busy: too many explanations wait.
        """
        current = self.current
        request = ExplanationRequest(client_id, current.bundle.classifier.is_quick)
        request.check(current)
        return await self.explanations.get(current, request)

    async def respond(self, request: ServedRequest, current: ServedBundle | None = None) -> bytes:
        """The response to a request.

        Args:
            request: the request.
            current: the bundle that was in use when the request began; None for that of now.

        Raises:
            UnknownClient, UnknownLanguage: see `ServedRequest.check`.
            NotReady: the request needs the peers, which are not found yet.
            NoPeers: the request needs peers, and the reference clients cannot be scored.
            Busy: too many requests wait.
            Exception: any exception of `request.response`.
        """
        current = current or self.current
        request.check(current)
        if request.needs_peers:
            await self.folder.wait_for_peers(current)
        if (response := request.response_at_once(current)) is not None:
            return response
        match request:
            case ModelRequest():
                responses = self.model_bodies
            case ScoreRequest(is_list=True):
                responses = self.lists
            case _:
                responses = self.bodies
        return await responses.get(current, request)

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

    def with_examples(self, document: dict[str, Any], *, with_names: bool) -> dict[str, Any]:
        """The OpenAPI document with working examples from the files.

        Args:
            document: without them.
            with_names: false for a caller who may see neither names of features nor a record.
        """
        found = with_components(document, self.current.bundle if with_names else None)
        if self.register is None:
            return found
        return self.register.with_examples(found, is_open=with_names)

    def counts(self, version: str) -> bytes:
        """The body of `/metrics`, for a version of the service."""
        sha256 = self.current.bundle.model_sha256
        return self.metrics.text(model={"sha256": sha256, "version": version})
