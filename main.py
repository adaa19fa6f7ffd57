"""The credit-scoring service: the application and its routes.

A request passes `serving.middleware`, then its route below, which calls `service`; `http_rules` has
the status of each error. Class 1 is a client in default, class 0 a solvent one.
"""

from operator import attrgetter
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST

from api import openapi as document
from api import response_models as models
from api.openapi import CLIENTS, DESK, REFERENCE, SCORES, SERVICE
from api.responses import record_body
from credit_scoring.errors import ScoringError
from credit_scoring.explain.peers import Compare
from service import http_rules, requests
from service.http_rules import bundle_of, client_id_of, service_of
from service.middleware import add_middleware
from service.scoring_service import ScoringService
from service.settings import Settings
from serving import routing, swagger_ui
from serving.errors import error_responses, wrong_parameters
from serving.limits.body_limits import body_of
from serving.observability.logs import LogWriter, start_logging
from serving.observability.metrics import Metrics
from serving.routing import documented, json_response, query_value, summaries
from serving.workers import gunicorn_worker
from serving.workers.worker_registry import WorkerRegistry

VERSION = "1.0.0"
TITLE = "Credit scoring"


class DirectRoute(routing.Direct, APIRoute):
    """A fast route, whose function reads the request without FastAPI."""


class TypedRoute(routing.ByPath, APIRoute):
    """A route that computes for milliseconds, whose parameters FastAPI reads."""


direct = APIRouter(route_class=DirectRoute, generate_unique_id_function=attrgetter("name"))
typed = APIRouter(route_class=TypedRoute, generate_unique_id_function=attrgetter("name"))


def application_of(request: Request) -> "Application":
    """The application; `request.app` has no type."""
    app: Application = request.app
    return app


@direct.head("/", include_in_schema=False)
@direct.get("/", **documented("What this is", SERVICE, models.Index))
async def index(request: Request) -> Response:
    """The service, its version, its routes, and the path of their documentation."""
    service = {"service": TITLE, "version": VERSION, "docs": swagger_ui.DOCS}
    return JSONResponse(service | {"routes": summaries(application_of(request).routes)})


@direct.get("/get_ids", **documented("Ids of the new clients", CLIENTS, models.ClientIds, 401))
async def get_ids(request: Request) -> Response:
    """Ids of the clients to be scored, in the order of the file."""
    return json_response(service_of(request).current.ids)


@direct.get("/get_feat", **documented("Names of the features", REFERENCE, models.Features, 401))
async def get_feat(request: Request) -> Response:
    """The raw features, in the order of the reference file."""
    return json_response(service_of(request).current.features)


@direct.get("/get_test", **documented("A client's raw record", CLIENTS,
        models.RawRecordText, 401, 404, 422, takes=document.OF_CLIENT))  # fmt: skip
async def get_test(request: Request) -> Response:
    """A client's values in the file."""
    return json_response(record_body(bundle_of(request).raw_record(client_id_of(request))))


@direct.get("/get_json", **documented("A client's transformed record", CLIENTS,
        models.TransformedRecordText, 401, 404, 422, takes=document.OF_CLIENT))  # fmt: skip
async def get_json(request: Request) -> Response:
    """A client's values after the transformer; decoded, they are a body of /prediction/."""
    return json_response(record_body(bundle_of(request).transformed_record(client_id_of(request))))


@direct.get("/prediction/", name="predict_by_get", **documented(
        "Probability of default, the body sent with GET", SCORES, models.PredictionAnswer,
        401, 413, 422, 503, takes=document.OF_RECORD))  # fmt: skip
@direct.post("/prediction/", name="predict", **documented("Probability of default", SCORES,
        models.PredictionAnswer, 401, 413, 422, 503, takes=document.OF_RECORD))  # fmt: skip
async def prediction(request: Request) -> Response:
    """Score the transformed record in the body, with keys in any order.

    Browsers send no body with GET, and some proxies drop it; POST gives the same response.
    """
    service, current = service_of(request), service_of(request).current
    scored = service.predict(current, await http_rules.record_in(request))
    return json_response(orjson.dumps(scored))


@direct.get("/get_shap", **documented("Why a client scores as it does", SCORES,
        models.ExplanationAnswer, 401, 404, 422, 503, takes=document.OF_CLIENT))  # fmt: skip
async def get_shap(request: Request) -> Response:
    """SHAP values of class 1 in the model's raw output: log-odds for LightGBM."""
    return json_response(await service_of(request).explain(client_id_of(request)))


@direct.get("/get_kde", **documented("A feature among those who paid and those who did not",
        REFERENCE, models.ReferenceValues, 401, 404, 422, takes=document.OF_FEATURE))  # fmt: skip
async def get_kde(request: Request) -> Response:
    """Raw values of a feature among the reference clients of each class, for a density plot."""
    service, feature = service_of(request), query_value(request, "param_name")
    return json_response(service.current.reference_body(feature, service.settings.class_names))


@typed.post("/score", **documented("Score applications", DESK, models.ScoreAnswer, 401, 404,
        413, 422, 503, takes=document.OF_APPLICATIONS))  # fmt: skip
async def score(
    request: Request,
    reasons: requests.MostReasons = 4,
    compare: Compare = "near",
    strengths: requests.MostStrengths = 0,
    language: requests.Language = None,
) -> Response:
    """Score one application or a list of up to 1,000, with reasons and strengths.

    An application is a new client's id or a raw record, the decoded data of /get_test. `changes`
    make it a what-if: features that depend on the changed ones are computed again.
    """
    service, current = service_of(request), service_of(request).current
    body = await body_of(request, service.settings.max_score_bytes)
    wanted = requests.ScoreRequest(body, reasons, compare, strengths, language)
    return json_response(await service.respond(wanted, current))


@typed.get("/sensitivity", **documented("A client's score along one feature", DESK,
        models.SensitivityAnswer, 401, 404, 422, 503,
        takes=document.OF_CLIENT_AND_FEATURE))  # fmt: skip
@typed.post("/sensitivity", name="sensitivity_of_application", **documented(
        "An application's score along one feature", DESK, models.SensitivityAnswer,
        401, 404, 422, 503, 413, takes=document.OF_APPLICATION_AND_FEATURE))  # fmt: skip
async def sensitivity(request: Request) -> Response:
    """The probability for every value of a feature, and the value that flips the decision."""
    application = await http_rules.application_in(request)
    wanted = requests.SensitivityRequest(application, query_value(request, "feature"))
    return json_response(await service_of(request).respond(wanted))


@typed.get("/alternatives", **documented("What would turn the decision on a client", DESK,
        models.CounterfactualsAnswer, 401, 404, 422, 503,
        takes=document.OF_DESK_CLIENT))  # fmt: skip
@typed.post("/alternatives", name="alternatives_of_application", **documented(
        "What would turn the decision on an application", DESK, models.CounterfactualsAnswer,
        401, 404, 422, 503, 413, takes=document.OF_APPLICATION))  # fmt: skip
async def alternatives(request: Request, language: requests.Language = None) -> Response:
    """The smallest allowed change of each feature that flips the decision, the nearest first."""
    wanted = requests.CounterfactualsRequest(await http_rules.application_in(request), language)
    return json_response(await service_of(request).respond(wanted))


@typed.get("/combinations", **documented("Two changes that only together turn a refusal", DESK,
        models.CombinationsAnswer, 401, 404, 422, 503, takes=document.OF_DESK_CLIENT))  # fmt: skip
@typed.post("/combinations", name="combinations_of_application", **documented(
        "Two changes that only together turn an application's refusal", DESK,
        models.CombinationsAnswer, 401, 404, 422, 503, 413,
        takes=document.OF_APPLICATION))  # fmt: skip
async def combinations(request: Request, language: requests.Language = None) -> Response:
    """The nearest changes of two features that flip the decision only together."""
    wanted = requests.CombinationsRequest(await http_rules.application_in(request), language)
    return json_response(await service_of(request).respond(wanted))


@typed.get("/features", **documented("What the features mean", DESK, models.FeaturesAnswer,
        401, 422, 503))  # fmt: skip
async def features(request: Request, language: requests.Language = None) -> Response:
    """Each feature in plain words, and its values among those who paid and those who did not."""
    return json_response(await service_of(request).respond(requests.FeaturesRequest(language)))


@typed.get("/importance", **documented("What the model goes by", DESK,
        models.ImportanceAnswer, 401, 422, 503))  # fmt: skip
async def importance(request: Request, language: requests.Language = None) -> Response:
    """Mean absolute contributions to the score, by theme and by feature."""
    return json_response(await service_of(request).respond(requests.ImportanceRequest(language)))


@typed.get("/drift", **documented("How far the new clients differ from the reference clients",
        DESK, models.DriftAnswer, 401, 422, 503))  # fmt: skip
async def drift(request: Request, language: requests.Language = None) -> Response:
    """Population stability indices of the features and of the score."""
    return json_response(await service_of(request).respond(requests.DriftRequest(language)))


@direct.head("/health", include_in_schema=False)
@direct.get("/health", **documented("Whether a prediction was made and checked", SERVICE,
        models.Health, 503))  # fmt: skip
async def health(request: Request) -> Response:
    """Rescore a client; `refused` says why newer files in the folder are not used."""
    return JSONResponse(service_of(request).health())


@direct.get("/model", **documented("Hashes, threshold, sizes and versions", SERVICE,
        models.ModelMetadata, 401))  # fmt: skip
async def model(request: Request) -> Response:
    """Hashes and sizes of the files in use, the versions, and the model's facts."""
    return json_response(orjson.dumps(service_of(request).metadata(VERSION)))


@direct.get("/metrics", summary="Counters for Prometheus", tags=[SERVICE],
            response_class=PlainTextResponse, responses=error_responses(401, 500))  # fmt: skip
async def metrics(request: Request) -> Response:
    """Requests, their durations, predictions and explanations, summed over all workers."""
    return Response(service_of(request).counts(VERSION), media_type=CONTENT_TYPE_LATEST)


@direct.get(swagger_ui.OPENAPI, summary="The OpenAPI document", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The OpenAPI document; names of features only for a caller with access to them."""
    found = application_of(request).openapi(with_names=http_rules.may_see_names(request))
    return json_response(orjson.dumps(found))


@direct.get(swagger_ui.DOCS, summary="Swagger UI", include_in_schema=False)
async def docs(_: Request) -> Response:
    """Swagger UI, served entirely by this service."""
    return HTMLResponse(swagger_ui.page(TITLE))


class Application(FastAPI):
    """The FastAPI application, made by `create_app`."""

    service: ScoringService

    def openapi(self, *, with_names: bool = True) -> dict[str, Any]:
        """The OpenAPI document, with or without names of features and a client's values."""
        if self.openapi_schema is None:
            http_rules.complete_document(super().openapi(), self.service.settings)
        return self.service.with_examples(super().openapi(), with_names=with_names)


def create_app(
    settings: Settings,
    registry: WorkerRegistry | None = None,
    metrics: Metrics | None = None,
    logs: LogWriter | None = None,
) -> Application:
    """Create the application for a folder.

    Args:
        settings: name the folder.
        registry, metrics, logs: shared with other workers; None without others.

    Raises:
        BadFile: a file of the folder cannot be used.
        UnusableRegister: the register cannot be used.
    """
    service = ScoringService(settings, registry, metrics)
    router = APIRouter(route_class=DirectRoute, generate_unique_id_function=attrgetter("name"))
    if settings.register_url is not None:  # imported here: SQLAlchemy and a driver take 42 MB
        from service.recording.register_service import RegisterService
        from service.recording.routes import ROUTES

        service.register = RegisterService.open(service)
        for route in ROUTES:
            router.add_api_route(*route.place, methods=[route.method], **route.documentation)
    app = Application(
        title=TITLE,
        version=VERSION,
        description=document.DESCRIPTION,
        routes=[*direct.routes, *typed.routes, *router.routes, swagger_ui.assets()],
        openapi_tags=document.groups(with_register=service.register is not None),
        servers=swagger_ui.SERVERS,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=lambda _: service.running(logs),
        exception_handlers={**http_rules.HANDLERS, RequestValidationError: wrong_parameters},
    )
    app.service = service
    add_middleware(app, service, logs)
    return app


def start() -> Application:
    """Create the application for the settings in the environment."""
    metrics, registry = Metrics(), WorkerRegistry.of_environment()

    def create() -> Application:
        loggers = ("credit_scoring", "register", "service", "serving")
        logs = start_logging(loggers, metrics.dropped_lines.inc)
        return create_app(Settings(), registry, metrics, logs)

    return gunicorn_worker.start_or_give_up(create, ScoringError, lambda: bool(registry.others()))


app = start()
