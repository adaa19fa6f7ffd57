"""The credit-scoring service: settings, the application, its routes.

    GET  /             what this is, and its routes
    GET  /get_ids      ids of the new clients
    GET  /get_feat     names of the features
    GET  /get_test     a client's raw record                       ?param_name=<client id>
    GET  /get_json     a client's transformed record               ?param_name=<client id>
    GET  /prediction/  probability of default and decision, for the transformed record in the body
    POST /prediction/  the same
    GET  /get_shap     why a client scores as it does              ?param_name=<client id>
    GET  /get_kde      a feature among those who paid and those who did not  ?param_name=<feature>
    POST /score        the credit desk: score, decision and reasons of applications
    GET  /sensitivity  the score as a function of one feature, and where the decision turns
    POST /sensitivity  the same for an application
    GET  /alternatives the smallest changes that turn the decision on a client
    GET  /features     what each feature means, and its values among the reference clients
    GET  /importance   what the model goes by, by theme and by feature
    GET  /drift        how far the new clients differ from the reference clients
    GET  /health       whether a prediction was made and checked
    GET  /model        hashes, threshold, sizes and versions
    GET  /metrics      counters for Prometheus
    GET  /docs         Swagger UI

Class 1 is a client in default, class 0 a solvent one. A request passes `serving.middleware`, then
its route below, which asks `credit_scoring`; an error becomes its status in `create_app`.
"""

import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from operator import attrgetter
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, Counter
from pydantic import Field, ValidationError

from api import application_schemas
from api import openapi as schemas
from api import response_models as desk_schemas
from api.desk_responses import (
    alternatives_body,
    importance_body,
    read_and_score,
    read_and_vary,
    score_body,
    score_drift_body,
    vary,
)
from api.responses import (
    explanation_bodies,
    features_body,
    model_metadata,
    record_body,
    reference_body,
)
from api.served_bundle import ServedBundle, read_served_bundle
from api.strict_json import SPACE
from credit_scoring.data.artifacts import FILES, MODEL_FILE
from credit_scoring.errors import (
    BadFile,
    InconsistentScore,
    InvalidApplication,
    InvalidRecord,
    NoPeers,
    UnknownClient,
    UnknownFeature,
)
from credit_scoring.explain.peers import Compare, Peers
from credit_scoring.model.bundle import Bundle
from credit_scoring.settings import BundleSettings
from serving import swagger_ui as docs
from serving.batching import BoundedPool, Busy
from serving.body_limits import SHORT, BodyBudget, body_of
from serving.errors import (
    USUAL_HANDLERS,
    error_responses,
    refusal,
    wrong_parameters,
    wrong_settings,
)
from serving.gunicorn_worker import (
    NoThread,
    NotReady,
    awaited,
    check_threads,
    give_up,
    giving_way,
    keep_little_free,
    put_requests_first,
    thread_beside,
)
from serving.hot_reload import ReloadedFolder
from serving.logs import LogWriter, request_logger, start_logging
from serving.metrics import Metrics
from serving.middleware import HAS_KEY, ApiKey, CanonicalPath, RequestLog, ResponseHeaders
from serving.routing import ByPath, Direct, json_response, query_integer, query_value
from serving.settings import ServerSettings
from serving.worker_registry import WorkerRegistry

VERSION = "1.0.0"
TITLE = "Credit scoring"

EXPLAINED_TOGETHER = 64  # clients, as many as the kernel takes in one block
EXPLANATIONS_WAITING = 1_000  # beyond these a caller is told to come back,
WAITING_SECONDS = 0.5  # or where what he would wait for takes longer
LISTS_WAITING = 2  # of applications, the one that is scored included: each may take seconds
PREPARING_SECONDS = 5.0  # that a caller waits for what is prepared once for a model
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}  # see /metrics

OPEN_PATHS = frozenset({"/", "/health", docs.DOCS, docs.OPENAPI})  # no key is asked for

Route = Callable[[Request], Coroutine[Any, Any, Response]]

log = logging.getLogger(__name__)


# The doors from a request to what is served: of `request.app` a type checker knows nothing.


def service_of(request: Request) -> "Service":
    """The application."""
    service: Service = request.app
    return service


def served_of(request: Request) -> ServedBundle:
    """What was loaded, and answers of it that are ready."""
    return service_of(request).folder.current


def bundle_of(request: Request) -> Bundle:
    """The clients, the features and the model in use."""
    return served_of(request).bundle


async def peers_of(request: Request, served: ServedBundle) -> Peers:
    """The reference clients' scores by a snapshot's model; prepared once, and waited for.

    The snapshot is the caller's: while a request waits, another one may come into use.

    Raises:
        NotReady: they are not there yet.
        NoComparison: they cannot be scored.
    """
    service_of(request).prepare(served)
    found = await awaited(served.peers, PREPARING_SECONDS)
    if isinstance(found, str):
        raise NoPeers(found)
    return found


def client_id_of(request: Request) -> int:
    """The client's id in the query."""
    return query_integer(request, "param_name", "a client's id")


class Settings(ServerSettings, BundleSettings):
    """All settings of the service.

    Attributes:
        kde_swap_classes: true if `/get_kde` calls class 1 `feat0`, as a dashboard may expect.
        max_score_bytes: the largest body of `/score`.
    """

    kde_swap_classes: bool = False
    max_score_bytes: int = Field(default=20_000_000, ge=1)

    @property
    def class_names(self) -> tuple[str, str]:
        """The names in `/get_kde` of class 0 and of class 1."""
        return ("feat1", "feat0") if self.kde_swap_classes else ("feat0", "feat1")


class DirectRoute(Direct, APIRoute):
    """A route that answers from memory."""


class TypedRoute(ByPath, APIRoute):
    """A route that computes for milliseconds: FastAPI reads its parameters."""


router = APIRouter(route_class=DirectRoute, generate_unique_id_function=attrgetter("name"))
desk = APIRouter(route_class=TypedRoute, generate_unique_id_function=attrgetter("name"))

MostReasons = Annotated[int, Query(ge=0, le=10, description="how many reasons are given at most")]


def described(group: str, answer: Any, *errors: int, **more: Any) -> dict[str, Any]:
    """What the document says of a route: its group, the shape of its answer, and its errors."""
    responses = error_responses(*errors, 500)
    return {"tags": [group], "response_model": answer, "responses": responses, **more}


def get(path: str, summary: str, *description: Any, **more: Any) -> Callable[[Route], Route]:
    """Add a route, with its summary and what `described` takes."""
    return router.get(path, summary=summary, **described(*description, **more))


@router.head("/", include_in_schema=False)
@get("/", "What this is", schemas.SERVICE, schemas.Index)
async def index(request: Request) -> Response:
    """The service, its version, its routes, and where they are described."""
    routes = {
        f"{method} {route.path}": route.summary
        for route in [*router.routes, *desk.routes]
        if isinstance(route, APIRoute)
        for method in sorted((route.methods or set()) - {"HEAD"})
    }
    return JSONResponse({"service": TITLE, "version": VERSION, "docs": docs.DOCS, "routes": routes})


@get("/get_ids", "Ids of the new clients", schemas.CLIENTS, schemas.ClientIds, 401)
async def get_ids(request: Request) -> Response:
    """Who is to be scored, in the order of the file."""
    return json_response(served_of(request).ids)


@get("/get_feat", "Names of the features", schemas.REFERENCE, schemas.Features, 401)
async def get_feat(request: Request) -> Response:
    """The raw features, in the order of the reference file."""
    return json_response(served_of(request).features)


@get("/get_test", "A client's raw record", schemas.CLIENTS, schemas.RawRecordText,
     401, 404, 422, **schemas.OF_CLIENT)  # fmt: skip
async def get_test(request: Request) -> Response:
    """What is known of a client, as the file has it."""
    return json_response(record_body(bundle_of(request).raw_record(client_id_of(request))))


@get("/get_json", "A client's transformed record", schemas.CLIENTS, schemas.TransformedRecordText,
     401, 404, 422, **schemas.OF_CLIENT)  # fmt: skip
async def get_json(request: Request) -> Response:
    """What is known of a client, as the model takes it: decoded, it is a body of /prediction/."""
    return json_response(record_body(bundle_of(request).transformed_record(client_id_of(request))))


NO_RECORD = (
    "empty, and param_name is not read here: send as the body the record that"
    " /get_json?param_name=… has in its data, decoded"
)
PREDICTION: tuple[Any, ...] = (schemas.SCORES, schemas.PredictionAnswer, 401, 413, 422, 503)


@get("/prediction/", "Probability of default, the body sent with GET", *PREDICTION,
     name="predict_by_get", **schemas.OF_RECORD)  # fmt: skip
@router.post("/prediction/", name="predict", summary="Probability of default",
             **described(*PREDICTION, **schemas.OF_RECORD))  # fmt: skip
async def prediction(request: Request) -> Response:
    """Score the transformed record in the body, whatever the order of its keys.

    Browsers send no body with GET, and some proxies drop it: POST does the same.
    """
    service, bundle = service_of(request), bundle_of(request)
    body = await body_of(request, service.settings.max_body_bytes)
    if not body and b"param_name" in request.scope["query_string"]:
        raise HTTPException(422, NO_RECORD)
    scored = bundle.predict_json(body)  # a hop to a thread takes longer
    service.predictions(scored.prediction).inc()
    return json_response(orjson.dumps(scored))


@get("/get_shap", "Why a client scores as it does", schemas.SCORES, schemas.ExplanationAnswer,
     401, 404, 422, 503, **schemas.OF_CLIENT)  # fmt: skip
async def get_shap(request: Request) -> Response:
    """SHAP values of class 1 in the model's raw output: log-odds for LightGBM."""
    service, served = service_of(request), served_of(request)
    client_id = client_id_of(request)
    kept, is_quick = served.explanations, served.bundle.classifier.is_quick
    body = kept.get((client_id, is_quick))
    origin = "reused"
    if body is None:
        served.bundle.position(client_id)  # an unknown client is refused before it waits
        explainers, calls = service.explainers, (served, is_quick)
        origin = "reused" if explainers.is_running(calls, client_id) else "computed"
        body = await explainers.run_together(
            calls,
            client_id,
            functools.partial(explanation_bodies, served.bundle),
            lambda client_id, body: kept.keep((client_id, is_quick), body),
            EXPLAINED_TOGETHER if is_quick else 1,
        )
    service.explanations(origin).inc()
    return json_response(body)


@get("/get_kde", "A feature among those who paid and those who did not", schemas.REFERENCE,
     schemas.ReferenceValues, 401, 404, 422, **schemas.OF_FEATURE)  # fmt: skip
async def get_kde(request: Request) -> Response:
    """Raw values of a feature among the reference clients of each class, for a density plot."""
    service, served = service_of(request), served_of(request)
    feature = query_value(request, "param_name")
    body = served.reference_values.get(feature)
    if body is None:
        body = reference_body(served.bundle, feature, service.settings.class_names)
        served.reference_values.keep(feature, body)
    return json_response(body)


@desk.post("/score", summary="Score applications",
           **described(schemas.DESK, desk_schemas.ScoreAnswer | list[desk_schemas.ScoreAnswer],
                       401, 404, 413, 422, 503, **application_schemas.OF_APPLICATIONS))  # fmt: skip
async def score(request: Request, reasons: MostReasons = 4, compare: Compare = "near") -> Response:
    """Score one application, or a list of up to 1,000, and say why and what would change it.

    An application is a new client's id, or a raw record as /get_test gives it; with `changes` it
    is a what-if, and the features that follow from the changed ones are computed again.
    """
    service, served = service_of(request), served_of(request)
    body = await body_of(request, service.settings.max_score_bytes)
    peers = await peers_of(request, served)
    given = served.bundle, peers
    is_list, is_short = body.lstrip(SPACE).startswith(b"["), len(body) <= SHORT
    if is_short and not is_list and not reasons:
        applications = served.bundle.applications.read(body)
        if served.bundle.is_ready(applications[0]):
            return json_response(score_body(*given, applications, reasons, compare))
        answer = functools.partial(score_body, *given, applications, reasons, compare)
    else:
        answer = functools.partial(read_and_score, *given, body, reasons, compare)
    if is_list and served.bundle.scorer.transformer.quickly is None:
        answer = functools.partial(giving_way, answer)
    pool = service.lists if is_list else service.explainers
    asked = body if is_short else object()
    return json_response(await pool.run((peers, asked, reasons, compare), answer))


SENSITIVITY: tuple[Any, ...] = (schemas.DESK, desk_schemas.SensitivityAnswer, 401, 404, 422, 503)


@desk.get("/sensitivity", summary="A client's score along one feature",
          **described(*SENSITIVITY, **application_schemas.OF_CLIENT_AND_FEATURE))  # fmt: skip
async def sensitivity(request: Request) -> Response:
    """The probability for every value of a feature, and where the decision turns."""
    bundle = bundle_of(request)
    client_id = query_integer(request, "client", "a client's id")
    feature = query_value(request, "feature")
    bundle.position(client_id)  # an unknown client is refused before it waits
    return await answered(request, vary, client_id, feature)


@desk.post("/sensitivity", summary="An application's score along one feature",
           name="sensitivity_of_application",
           **described(*SENSITIVITY, 413,
                       **application_schemas.OF_APPLICATION_AND_FEATURE))  # fmt: skip
async def sensitivity_of_application(request: Request) -> Response:
    """The probability for every value of a feature, and where the decision turns."""
    feature = query_value(request, "feature")
    body = await body_of(request, service_of(request).settings.max_body_bytes)
    return await answered(request, read_and_vary, body, feature)


@desk.get("/alternatives", summary="What would turn the decision on a client",
          **described(schemas.DESK, desk_schemas.AlternativesAnswer, 401, 404, 422, 503,
                      **application_schemas.OF_CLIENT))  # fmt: skip
async def alternatives(request: Request) -> Response:
    """The smallest change of each feature that may change, the nearest first."""
    client_id = query_integer(request, "client", "a client's id")
    bundle_of(request).position(client_id)
    return await answered(request, alternatives_body, client_id)


async def answered(request: Request, function: Callable[..., bytes], *given: Any) -> Response:
    """An answer that takes milliseconds: computed beside the event loop, and none twice at once."""
    bundle = bundle_of(request)
    answer = functools.partial(function, bundle, *given)
    explainers = service_of(request).explainers
    return json_response(await explainers.run((bundle, function, *given), answer))


@desk.get("/features", summary="What the features mean",
          **described(schemas.DESK, desk_schemas.FeatureDescriptions, 401, 503))  # fmt: skip
async def features(request: Request) -> Response:
    """Each feature in plain words, and its values among those who paid and those who did not."""
    served = served_of(request)
    return await once_for_model(request, served, "features", features_body, served.bundle)


@desk.get("/importance", summary="What the model goes by",
          **described(schemas.DESK, desk_schemas.Importance, 401, 503))  # fmt: skip
async def importance(request: Request) -> Response:
    """Mean absolute contributions to the score, by theme and by feature."""
    served = served_of(request)
    peers = await peers_of(request, served)
    return await once_for_model(request, served, "importance", importance_body, peers)


@desk.get("/drift", summary="How far the new clients differ from the reference clients",
          **described(schemas.DESK, desk_schemas.DriftAnswer, 401, 503))  # fmt: skip
async def drift(request: Request) -> Response:
    """Population stability indices of the features and of the score."""
    served = served_of(request)
    given = served.bundle, await peers_of(request, served)
    return await once_for_model(request, served, "drift", score_drift_body, *given)


async def once_for_model(
    request: Request, served: ServedBundle, name: str, function: Callable[..., bytes], *given: Any
) -> Response:
    """An answer that depends on the model alone: computed once, then ready."""
    body = served.tables.get(name)
    if body is None:
        body = await service_of(request).explainers.run_together(
            served, name, lambda _: [function(*given)], served.tables.__setitem__
        )
    return json_response(body)


@router.head("/health", include_in_schema=False)
@get("/health", "Whether a prediction was made and checked", schemas.SERVICE, schemas.Health, 503,
     response_model_exclude_none=True)  # fmt: skip
async def health(request: Request) -> Response:
    """Score a client again; `refused` says why newer files in the folder are not in use."""
    bundle = bundle_of(request)
    bundle.check()
    health = {"status": "ok", "sha256": bundle.sha256[MODEL_FILE]}
    return JSONResponse(health | service_of(request).folder.differences())


@get("/model", "Hashes, threshold, sizes and versions", schemas.SERVICE, schemas.ModelMetadata, 401)
async def model(request: Request) -> Response:
    """What an auditor asks for: exactly what is in use, and what its makers say of it."""
    service = service_of(request)
    metadata = model_metadata(bundle_of(request), VERSION)
    if workers := service.folder.workers():
        metadata["workers"] = workers
    if service.settings.kde_swap_classes:
        names = service.settings.class_names
        metadata["get_kde"] = {name: f"class {label}" for label, name in enumerate(names)}
    return json_response(orjson.dumps(metadata))


@get("/metrics", "Counters for Prometheus", schemas.SERVICE, None, 401,
     response_class=PlainTextResponse)  # fmt: skip
async def metrics(request: Request) -> Response:
    """Requests, their durations, predictions and explanations, of all workers together."""
    model = {"sha256": bundle_of(request).sha256[MODEL_FILE], "version": VERSION}
    text = service_of(request).metrics.text(model=model)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


@router.get(docs.OPENAPI, summary="The OpenAPI document", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """What the service answers; the names of features only for who may ask for them."""
    document = service_of(request).document(with_names=request.scope[HAS_KEY])
    return json_response(orjson.dumps(document))


@router.get(docs.DOCS, summary="Swagger UI", include_in_schema=False)
async def swagger_ui(_: Request) -> Response:
    """Swagger UI, every part of which comes from this service."""
    return HTMLResponse(docs.page(TITLE))


class Service(FastAPI):
    """The application, with the types of what its routes reach; made by `create_app`."""

    settings: Settings
    folder: ReloadedFolder[ServedBundle]
    metrics: Metrics
    predictions: Callable[[int], Counter]
    explanations: Callable[[str], Counter]
    explainers: BoundedPool[bytes]
    lists: BoundedPool[bytes]
    prepare: Callable[[ServedBundle], None]

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, with names and examples from the files: they work when tried."""
        return self.document(with_names=True)

    def document(self, *, with_names: bool) -> dict[str, Any]:
        """The OpenAPI document, with or without the names of features and a client's example."""
        if self.openapi_schema is None:
            document = super().openapi()
            if self.settings.kde_swap_classes:
                schemas.describe_swapped_classes(document)
            if self.settings.keys:
                docs.require_key(document, OPEN_PATHS)
        bundle = self.folder.current.bundle if with_names else None
        return schemas.with_components(super().openapi(), bundle)


def create_app(
    settings: Settings,
    registry: WorkerRegistry | None = None,
    metrics: Metrics | None = None,
    logs: LogWriter | None = None,
) -> Service:
    """The service of a folder.

    Args:
        settings: name the folder.
        registry: where this worker is known to the others; nowhere where it is alone.
        metrics: what is counted; from zero on.
        logs: where each request gets a line; nowhere.

    Raises:
        BadFile: see `read_served_bundle`.
    """
    metrics, preparing = metrics or Metrics(), thread_beside("preparing")

    def prepare(served: ServedBundle) -> None:
        """Begin with what is prepared once for a model, beside everything else."""

        def prepare_in_turn() -> None:
            if folder.current is served:  # nobody waits for what was swapped meanwhile
                served.prepare(quickly=settings.fast_explanations)

        if served.claim():  # a fault is raised again by `result`, and then logged
            preparing.submit(giving_way, prepare_in_turn).add_done_callback(Future.result)

    read = functools.partial(read_served_bundle, settings.ressources_dir, settings.model_sha256)
    folder = ReloadedFolder(
        settings.ressources_dir, FILES, read, BadFile, registry or WorkerRegistry(None), prepare
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with folder.watched():
            yield
        if logs is not None:
            logs.close()  # uvicorn ends the process by a signal: nothing else would run

    app = Service(
        title=TITLE,
        version=VERSION,
        description=schemas.DESCRIPTION,
        routes=[*router.routes, *desk.routes],
        openapi_tags=schemas.GROUPS,
        servers=docs.SERVERS,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        lifespan=lifespan,
        exception_handlers={
            **USUAL_HANDLERS,
            UnknownClient: refusal(404, ": /get_ids lists them"),
            UnknownFeature: refusal(404, ": /get_feat lists them"),
            InvalidRecord: refusal(422, ": /get_json gives them"),
            InvalidApplication: refusal(422),
            RequestValidationError: wrong_parameters,
            InconsistentScore: refusal(503),
            NoPeers: refusal(503),
            NotReady: refusal(503, "the reference clients are being scored", {"Retry-After": "5"}),
            Busy: refusal(503, "too many explanations at once", {"Retry-After": "1"}),
        },
    )
    app.settings, app.folder, app.metrics = settings, folder, metrics
    app.predictions = metrics.counter(
        "predictions", "Predictions by class, 1 being default", "class"
    )
    app.explanations = metrics.counter("explanations", "Explanations computed or reused", "origin")
    app.explainers = BoundedPool(EXPLANATIONS_WAITING, "explainer", WAITING_SECONDS)
    app.prepare = prepare
    app.lists = BoundedPool(LISTS_WAITING, "lists")
    app.mount(docs.ASSETS, docs.assets())
    line = request_logger(logs) if logs and settings.request_log else None
    app.add_middleware(BodyBudget)
    app.add_middleware(ApiKey, keys=settings.keys, is_open=is_open)
    app.add_middleware(ResponseHeaders, headers=docs.AnswerHeaders())
    app.add_middleware(CanonicalPath, routes=app.routes)
    app.add_middleware(RequestLog, metrics=metrics, write=line)  # the last one is the first passed
    if not settings.keys:
        log.warning("API_KEY is not set: everybody who reaches the service may ask")
    return app


def is_open(path: str) -> bool:
    """Whether a path is open to all where keys are set."""
    return path in OPEN_PATHS or docs.is_docs(path)


def start() -> Service:
    """The service of this process' environment; ends the process where it cannot be.

    Raises:
        SystemExit: after one line that says why.
    """
    metrics, registry = Metrics(), WorkerRegistry.of_environment()
    keep_little_free()
    put_requests_first()
    try:
        check_threads()
        logs = start_logging(
            ("api", "credit_scoring", "serving", log.name), metrics.dropped_lines.inc
        )
        return create_app(Settings(), registry, metrics, logs)
    except ValidationError as error:
        give_up(f"settings: {wrong_settings(error)}")
    except (BadFile, NoThread) as error:
        # The others go on with what they loaded before, and gunicorn tries again.
        give_up(f"cannot start: {error}", try_again=bool(registry.others()))


app = start()
