"""The credit-scoring service: HTTP in front of `scoring`.

    GET  /             what this is, and its routes
    GET  /get_ids      ids of the new clients
    GET  /get_feat     names of the features
    GET  /get_test     a client's raw record                       ?param_name=<client id>
    GET  /get_json     a client's transformed record               ?param_name=<client id>
    GET  /prediction/  probability of default and decision, for the transformed record in the body
    POST /prediction/  the same
    GET  /get_shap     why a client scores as it does              ?param_name=<client id>
    GET  /get_kde      a feature among those who paid and those who did not  ?param_name=<feature>
    GET  /health       whether a prediction was made and checked
    GET  /model        hashes, threshold, sizes and versions
    GET  /metrics      counters for Prometheus
    GET  /docs         Swagger UI

Class 1 is a client in default, class 0 a solvent one.
"""

import base64
import contextlib
import gc
import hashlib
import logging
import math
import os
import platform
import re
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson
from cachetools import LRUCache
from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import InfoMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scoring import (
    FACTS_FILE,
    FILES,
    MODEL_FILE,
    BadFile,
    InconsistentScore,
    InvalidRecord,
    Scoring,
    UnknownClient,
    UnknownFeature,
    described,
    foreign_code,
    give_back_memory,
    load,
    shown,
)
from serving.logs import LogWriter, configure_logging, request_logger
from serving.middleware import HAS_KEY, ApiKey
from serving.registry import WorkerRegistry
from serving.watcher import Fingerprint, FolderWatcher, fingerprint_of
from serving.workers import BoundedPool, Busy

VERSION = "1.0.0"
DESCRIPTION = """\
How likely a client is to default on a loan, why, and where the client stands among others.

Every probability is that of **class 1**, a client in default; class 0 is a solvent one. Numbers are
exact: a record that `/get_json` gives scores at `/prediction/` as the pipeline scores that client,
and `base` plus the SHAP values of `/get_shap` is the model's raw output."""

EXPLANATIONS_KEPT = 16_000_000  # bytes of answers, about 600 clients of 347 features
REFERENCE_VALUES_KEPT = 8_000_000  # bytes of answers
EXPLAINING_AT_ONCE = 1  # threads in a worker: each worker has a core
PATIENCE = 10  # the niceness of those threads: who answers at once goes first
EXPLANATIONS_WAITING = 16  # beyond these a caller is told to come back
RETRY_SECONDS = 5  # before a worker that takes another's place is tried again
STANDARD_ERROR = 2
START_FAILED = 3  # gunicorn gives up, instead of trying again, where a worker ends with it
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where the workers count together
LIBRARIES = ("fastapi", "scikit-learn", "lightgbm", "shap", "pandas", "numpy", "joblib")

QUERY_FIELDS = 100  # as many are read of a query

INTEGER = re.compile(r"-?[0-9]{1,100}")
REQUEST_ID = re.compile(r"[0-9A-Za-z_.:-]{1,64}")

DOCS = "/docs"
DOCS_ASSETS = f"{DOCS}/assets"
OPENAPI = "/openapi.json"
OPEN_PATHS = frozenset({"/", "/health", DOCS, OPENAPI})  # no key is asked for
UNKNOWN = "unknown"  # a route's name in logs and metrics where there is none

DOCS_PAGE = get_swagger_ui_html(
    openapi_url=OPENAPI,
    title="Credit scoring",
    swagger_js_url=f"{DOCS_ASSETS}/swagger-ui-bundle.js",
    swagger_css_url=f"{DOCS_ASSETS}/swagger-ui.css",
    swagger_favicon_url=f"{DOCS_ASSETS}/favicon.png",
    swagger_ui_parameters={"validatorUrl": None},  # else it sends the document to swagger.io
).body
INLINE_SCRIPT = bytes(DOCS_PAGE).partition(b"<script>")[2].partition(b"</script>")[0]
INLINE_SCRIPT_SHA256 = base64.b64encode(hashlib.sha256(INLINE_SCRIPT).digest()).decode()

SECURITY_HEADERS = [
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
API_HEADERS = [
    *SECURITY_HEADERS,
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
DOCS_HEADERS = [
    *SECURITY_HEADERS,
    (
        b"content-security-policy",
        f"default-src 'none'; script-src 'self' 'sha256-{INLINE_SCRIPT_SHA256}';"
        " style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'".encode(),
    ),
]

log = logging.getLogger(__name__)


class Settings(BaseSettings):
    """Settings, each from the environment variable of its name; an empty one is not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    ressources_dir: Path = Path(__file__).resolve().parent / "ressources"
    model_sha256: str | None = Field(default=None, pattern="^[0-9a-fA-F]{64}$")
    api_key: SecretStr = SecretStr("")
    kde_swap_classes: bool = False
    max_body_bytes: int = Field(default=1_000_000, ge=1)
    request_log: bool = True

    @field_validator("api_key")
    @classmethod
    def _names_a_key(cls, api_key: SecretStr) -> SecretStr:
        """Whoever sets keys wants the service closed: one that reads as none must not open it."""
        given = api_key.get_secret_value()
        if given and not given.replace(",", "").strip():
            raise ValueError("names no key")
        return api_key

    @property
    def class_names(self) -> tuple[str, str]:
        """The names in `/get_kde` of class 0 and of class 1."""
        return ("feat1", "feat0") if self.kde_swap_classes else ("feat0", "feat1")

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The accepted keys; none where everybody may ask."""
        keys = self.api_key.get_secret_value().split(",")
        return tuple(key.strip().encode() for key in keys if key.strip())


# Answers, for the OpenAPI document: the routes write them out themselves.


class Index(BaseModel):
    """What this service is and where to go on."""

    service: str = Field(examples=["Credit scoring"])
    version: str = Field(examples=[VERSION])
    docs: str = Field(examples=[DOCS])
    routes: dict[str, str] = Field(examples=[{"GET /get_ids": "Ids of the new clients"}])


class ClientIds(BaseModel):
    """Ids of the new clients, in the order of their file."""

    data: list[int] = Field(examples=[[351831, 204226]])


class Features(BaseModel):
    """Names of the features, in the order of the reference file."""

    data: list[str] = Field(examples=[["AMT_INCOME_TOTAL", "AMT_CREDIT"]])


def record_text(schema: str) -> Any:
    """A field that holds a record as JSON text, of a schema that is made from the files."""
    return Field(
        examples=['{"AMT_INCOME_TOTAL":157500.0,"OWN_CAR_AGE":null}'],
        json_schema_extra={
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": f"#/components/schemas/{schema}"},
        },
    )


class RawRecordText(BaseModel):
    """A raw record as JSON text, to be decoded a second time; a missing value is null."""

    data: str = record_text("RawRecord")


class TransformedRecordText(BaseModel):
    """A transformed record as JSON text, to be decoded a second time; a missing value is null."""

    data: str = record_text("TransformedRecord")


class PredictionAnswer(BaseModel):
    """Probability of default, and the decision: 1 where it reaches the threshold, else 0."""

    probability: float = Field(ge=0, le=1, examples=[0.08597658808541324])
    prediction: int = Field(ge=0, le=1, examples=[0])
    threshold: float = Field(ge=0, le=1, examples=[0.4])


class ExplanationAnswer(BaseModel):
    """SHAP values of class 1 in the model's raw output, which is base plus their sum."""

    values: list[list[float]] = Field(description="SHAP values, shape (1, n)")
    feat: list[str] = Field(description="names of the transformed features, n of them")
    data: list[list[float | None]] = Field(description="the transformed record, shape (1, n)")
    base: list[float] = Field(description="the expected value, shape (1,)")


class ReferenceValues(BaseModel):
    """Raw values of a feature among reference clients, missing ones left out, in file order."""

    feat0: list[float] | list[str] = Field(description="of class 0, solvent")
    feat1: list[float] | list[str] = Field(description="of class 1, in default")


class WorkerState(BaseModel):
    """What one of the server's processes has in use."""

    pid: int = Field(description="number of the process")
    sha256: dict[str, str] = Field(description="of each file in use")
    threshold: float
    files: list[str] = Field(description="those that were there")
    refused: str | None = Field(description="why the files now in the folder are not in use")


class Health(BaseModel):
    """A client was scored just now, with the result that it had at start-up."""

    status: str = Field(examples=["ok"])
    sha256: str = Field(description="of the model in use")
    refused: str | None = Field(
        None,
        description="why the files now in the folder are not in use, in this worker or another",
    )
    workers: list[WorkerState] | None = Field(
        None, description="all of them, where another one is not of the same mind"
    )


class ModelFacts(BaseModel):
    """What an auditor asks for."""

    sha256: dict[str, str] = Field(description="of each file in use")
    threshold: float
    features: int = Field(description="raw ones")
    transformed_features: int
    reference_clients: int
    new_clients: int
    versions: dict[str, str] = Field(description="of this service, Python and the libraries")
    facts: dict[str, Any] = Field(description="what model.json says")
    workers: list[WorkerState] | None = Field(
        None, description="each process of the server; where there is one alone, nothing"
    )
    get_kde: dict[str, str] | None = Field(
        None, description="the class that feat0 and feat1 are of, where they are swapped"
    )


class Problem(BaseModel):
    """What was received, and what would be accepted."""

    detail: str


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for the OpenAPI document."""
    descriptions = {
        401: "The key in X-API-Key is missing or wrong; only where the service has keys.",
        404: "No new client has this id, or no feature this name.",
        413: "The body is larger than the service accepts.",
        422: "What was sent is not what the route takes: `detail` says what it takes.",
        500: "A fault of the service.",
        503: "Not now.",
    }
    return {status: {"model": Problem, "description": descriptions[status]} for status in statuses}


class Metrics:
    """What `/metrics` counts, in this process or, behind gunicorn, in all of its workers."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.registry = CollectorRegistry()
        self.requests = self._by_labels(Counter, "http_requests", "Requests", "route", "status")
        self.seconds = self._by_labels(
            Histogram, "http_request_duration_seconds", "Time to answer", "route"
        )
        self.predictions = self._by_labels(
            Counter, "predictions", "Predictions by class, 1 being default", "class"
        )
        self.explanations = self._by_labels(
            Counter, "explanations", "Explanations computed or reused", "origin"
        )
        self.dropped_lines = Counter(
            "log_lines_dropped", "Lines of the log that nobody read", registry=self.registry
        )

    def _by_labels(self, kind: type[Any], name: str, text: str, *labels: str) -> Callable[..., Any]:
        """A metric, called with the values of its labels.

        Kept by value, for the metric itself takes a lock and makes a key each time.
        """
        return cache(kind(name, text, labels, registry=self.registry).labels)

    def text(self, loaded: "Loaded") -> bytes:
        """All counts in Prometheus' text form, and the model in use."""
        counts = self.registry
        if METRICS_FOLDER in os.environ:
            counts = CollectorRegistry()
            MultiProcessCollector(counts)  # type: ignore[no-untyped-call]
        # An info metric cannot be shared between processes; each has the model in its own memory.
        model = CollectorRegistry()
        model.register(loaded)
        return generate_latest(counts) + generate_latest(model)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A folder as it was read, and the answers made from it so far."""

    scoring: Scoring
    fingerprint: Fingerprint
    files: frozenset[str]  # those that were there
    ids: bytes
    features: bytes
    explanations: LRUCache[int, bytes]
    reference_values: LRUCache[str, bytes]

    @classmethod
    def read(cls, settings: Settings, wanted: frozenset[str] = frozenset()) -> "Loaded":
        """Load the folder of the settings.

        Args:
            settings: name the folder, and perhaps the hash of its model.
            wanted: files that were there before, of which the optional one may not be missing.

        Raises:
            BadFile: it is, or see `scoring.load`.
        """
        began = time.perf_counter()
        fingerprint = fingerprint_of(settings.ressources_dir, FILES)
        files = frozenset(
            name for name, found in zip(FILES, fingerprint, strict=True) if found is not None
        )
        if FACTS_FILE in wanted - files:  # what it holds about hashes would hold no longer
            raise BadFile(FACTS_FILE, "was there and is gone; to go on without it, restart")
        scoring = load(settings.ressources_dir, settings.model_sha256)
        rehearse(scoring)
        give_back_memory()
        log.info(
            "loaded %s in %.2f s: %s %s, threshold %s, %d features, %d reference and %d new",
            settings.ressources_dir,
            time.perf_counter() - began,
            MODEL_FILE,
            scoring.sha256[MODEL_FILE],
            scoring.threshold,
            len(scoring.features),
            len(scoring.reference),
            len(scoring.client_ids),
        )
        return cls(
            scoring=scoring,
            fingerprint=fingerprint,
            files=files,
            ids=orjson.dumps({"data": scoring.client_ids}),
            features=orjson.dumps({"data": scoring.features}),
            explanations=LRUCache(EXPLANATIONS_KEPT, getsizeof=len),
            reference_values=LRUCache(REFERENCE_VALUES_KEPT, getsizeof=len),
        )

    def is_current(self, folder: Path) -> bool:
        """Whether the files of the folder are still those that were read."""
        return fingerprint_of(folder, FILES) == self.fingerprint

    def collect(self) -> Iterator[InfoMetricFamily]:
        """The model in use, for Prometheus."""
        facts = {"sha256": self.scoring.sha256[MODEL_FILE], "version": VERSION}
        yield InfoMetricFamily("model", "The model in use", facts)


def record_body(record: object) -> bytes:
    """A record as JSON text inside JSON: the dashboard decodes it a second time."""
    return orjson.dumps({"data": orjson.dumps(record).decode()})


def explanation_body(scoring: Scoring, client_id: int) -> bytes:
    """The body of `/get_shap`."""
    explanation = scoring.explain(client_id)
    return orjson.dumps(
        {
            "values": [explanation.values],
            "feat": explanation.names,
            "data": [explanation.record],
            "base": [explanation.base],
        },
        option=orjson.OPT_SERIALIZE_NUMPY,
    )


def reference_body(scoring: Scoring, feature: str, names: tuple[str, str]) -> bytes:
    """The body of `/get_kde`, the names being those of class 0 and of class 1."""
    values = scoring.reference_values(feature)
    return orjson.dumps(dict(zip(names, values, strict=True)), option=orjson.OPT_SERIALIZE_NUMPY)


def model_facts(scoring: Scoring) -> dict[str, Any]:
    """What `/model` says of the files in use."""
    return {
        "sha256": scoring.sha256,
        "threshold": scoring.threshold,
        "features": len(scoring.features),
        "transformed_features": len(scoring.names),
        "reference_clients": len(scoring.reference),
        "new_clients": len(scoring.client_ids),
        "versions": {"credit-scoring": VERSION, "python": platform.python_version()}
        | {library: version(library) for library in LIBRARIES},
        "facts": scoring.facts,
    }


def components(scoring: Scoring | None) -> dict[str, dict[str, Any]]:
    """The parts of the OpenAPI document that routes refer to, with names and examples of files.

    Args:
        scoring: what was loaded; None for what everybody may know.
    """
    parameter = {"name": "param_name", "in": "query", "required": True}
    client = parameter | {
        "description": "a client's id, one of /get_ids",
        "schema": {"type": "integer"},
    }
    feature = parameter | {
        "description": "a feature, one of /get_feat",
        "schema": {"type": "string"},
    }
    sent: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/TransformedRecord"}}
    raw: dict[str, Any] = {"type": "object"}
    transformed: dict[str, Any] = {"type": "object"}
    if scoring is not None:
        client_id = scoring.client_ids[0]
        record = scoring.transformed_record(client_id)
        client["example"] = client_id
        feature["schema"] = {"type": "string", "enum": scoring.features}
        feature["example"] = scoring.features[0]
        sent["example"] = {
            name: None if math.isnan(value) else value for name, value in record.items()
        }
        raw = record_schema(
            {
                name: ["string" if name in scoring.text_features else "number", "null"]
                for name in scoring.features
            }
        )
        transformed = record_schema(
            {
                name: ["number", "null"] if name in scoring.nullable else "number"
                for name in scoring.names
            }
        )
    return {
        "parameters": {"client": client, "feature": feature},
        "requestBodies": {
            "record": {
                "description": "a transformed record: what /get_json gives, decoded",
                "required": True,
                "content": {"application/json": sent},
            }
        },
        "schemas": {"RawRecord": raw, "TransformedRecord": transformed},
    }


def record_schema(types: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """The schema of a record that has each feature, by the types of their values."""
    return {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in types.items()},
        "required": list(types),
        "additionalProperties": False,
    }


def rehearse(scoring: Scoring) -> None:
    """Write each kind of answer once, before anybody asks.

    What is made once for a model is made here, and not while a request waits.

    Raises:
        BadFile: one cannot be written.
    """

    def unwritable(error: BaseException) -> str:
        return f"what is answered of it cannot be written: {described(error)}"

    client_id, feature = scoring.client_ids[0], scoring.features[0]
    with foreign_code(FACTS_FILE, unwritable):
        orjson.dumps(scoring.facts)
    with foreign_code(MODEL_FILE, unwritable):
        record_body(scoring.raw_record(client_id))
        record = orjson.dumps(scoring.transformed_record(client_id))
        orjson.dumps(scoring.predict_json(record))
        with contextlib.suppress(InvalidRecord):
            scoring.predict_json(b'{"":0}')
        explanation_body(scoring, client_id)
        reference_body(scoring, feature, ("feat0", "feat1"))
        orjson.dumps(components(scoring))


# What a request says


def service_of(request: Request) -> "Service":
    """The application with its type: of `request.app` a type checker knows nothing."""
    service: Service = request.app
    return service


def scoring_of(request: Request) -> Scoring:
    """The clients, the features and the model in use."""
    return service_of(request).loaded.scoring


def parameter(request: Request) -> str:
    """The value of `param_name`.

    Raises:
        HTTPException: 422 where it is missing, or one of very many.
    """
    query: str = request.scope["query_string"].decode("latin-1")
    if query.count("&") >= QUERY_FIELDS:
        raise HTTPException(422, f"more than {QUERY_FIELDS} parameters, where one is read")
    value = dict(parse_qsl(query, keep_blank_values=True)).get("param_name")
    if value is None:
        raise HTTPException(422, f"param_name is missing: {request.url.path}?param_name=…")
    return value


def client_parameter(request: Request) -> int:
    """The client id in `param_name`.

    Raises:
        HTTPException: 422 where it is missing or not an integer.
    """
    value = parameter(request)
    if not INTEGER.fullmatch(value):
        raise HTTPException(422, f"param_name is not an integer, a client's id: {shown(value)}")
    return int(value)


async def body_of(request: Request) -> bytes:
    """The body, whatever its type is said to be, read up to the limit of the settings.

    Raises:
        HTTPException: 413 where it is larger.
    """
    largest = service_of(request).settings.max_body_bytes
    declared = request.headers.get("Content-Length", "")
    size, body = int(declared) if declared.isdecimal() else 0, b""
    if size <= largest:
        async for chunk in request.stream():
            body += chunk
            if (size := len(body)) > largest:
                break
    if size > largest:
        raise HTTPException(413, f"the body is larger than the {largest} bytes accepted")
    return body


def answer(body: bytes) -> Response:
    """A JSON text as a response."""
    return Response(body, media_type="application/json")


class DirectRoute(APIRoute):
    """A route whose function takes the request and returns the response.

    FastAPI documents such a route as any other, but neither reads its parameters, which would take
    a third of the time of a request that is answered from memory, nor cleans up after dependencies.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """By the path as `Edge` spells it: no route has parameters in its path."""
        if scope["type"] != "http" or scope["path"] != self.path:
            return Match.NONE, {}
        return (Match.FULL if scope["method"] in (self.methods or ()) else Match.PARTIAL), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request.

        Raises:
            HTTPException: 405.
        """
        if scope["method"] not in (self.methods or ()):
            raise HTTPException(405)
        response = await self.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


CLIENT = {"parameters": [{"$ref": "#/components/parameters/client"}]}
FEATURE = {"parameters": [{"$ref": "#/components/parameters/feature"}]}
RECORD = {"requestBody": {"$ref": "#/components/requestBodies/record"}}

# The groups of the document.
CLIENTS: list[str | Enum] = ["clients"]
SCORES: list[str | Enum] = ["scores"]
REFERENCE: list[str | Enum] = ["reference clients"]
SERVICE: list[str | Enum] = ["service"]
TAGS = [
    {"name": CLIENTS[0], "description": "Who is to be scored, and what is known of them."},
    {"name": SCORES[0], "description": "How likely a default is, and why."},
    {"name": REFERENCE[0], "description": "Earlier clients who paid and who did not."},
    {"name": SERVICE[0], "description": "What runs, whether it is well, and what it did."},
]

router = APIRouter(route_class=DirectRoute, generate_unique_id_function=attrgetter("name"))


@router.head("/", include_in_schema=False)
@router.get(
    "/", summary="What this is", response_model=Index, responses=problems(500), tags=SERVICE
)
async def index(request: Request) -> Response:
    """The service, its version, its routes, and where they are described."""
    routes = {
        f"{method} {route.path}": route.summary
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted((route.methods or set()) - {"HEAD"})
    }
    return JSONResponse(
        {"service": service_of(request).title, "version": VERSION, "docs": DOCS, "routes": routes}
    )


@router.get(
    "/get_ids",
    tags=CLIENTS,
    summary="Ids of the new clients",
    response_model=ClientIds,
    responses=problems(401, 500),
)
async def get_ids(request: Request) -> Response:
    """Who is to be scored, in the order of the file."""
    return answer(service_of(request).loaded.ids)


@router.get(
    "/get_feat",
    tags=REFERENCE,
    summary="Names of the features",
    response_model=Features,
    responses=problems(401, 500),
)
async def get_feat(request: Request) -> Response:
    """The raw features, in the order of the reference file."""
    return answer(service_of(request).loaded.features)


@router.get(
    "/get_test",
    tags=CLIENTS,
    summary="A client's raw record",
    response_model=RawRecordText,
    responses=problems(401, 404, 422, 500),
    openapi_extra=CLIENT,
)
async def get_test(request: Request) -> Response:
    """What is known of a client, as the file has it."""
    record = scoring_of(request).raw_record(client_parameter(request))
    return answer(record_body(record))


@router.get(
    "/get_json",
    tags=CLIENTS,
    summary="A client's transformed record",
    response_model=TransformedRecordText,
    responses=problems(401, 404, 422, 500),
    openapi_extra=CLIENT,
)
async def get_json(request: Request) -> Response:
    """What is known of a client, as the model takes it: decoded, it is a body of /prediction/."""
    record = scoring_of(request).transformed_record(client_parameter(request))
    return answer(record_body(record))


NO_RECORD = (
    "empty, and param_name is not read here: send as the body the record that"
    " /get_json?param_name=… has in its data, decoded"
)
PREDICTION: dict[str, Any] = {
    "tags": SCORES,
    "response_model": PredictionAnswer,
    "responses": problems(401, 413, 422, 500),
    "openapi_extra": RECORD,
}


@router.get(
    "/prediction/",
    name="predict_by_get",
    summary="Probability of default, the body sent with GET",
    **PREDICTION,
)
@router.post("/prediction/", name="predict", summary="Probability of default", **PREDICTION)
async def prediction(request: Request) -> Response:
    """Score the transformed record in the body, whatever the order of its keys.

    Browsers send no body with GET, and some proxies drop it: POST does the same.
    """
    loaded, metrics = service_of(request).loaded, service_of(request).metrics
    body = await body_of(request)
    if not body and b"param_name" in request.scope["query_string"]:
        raise HTTPException(422, NO_RECORD)
    scored = loaded.scoring.predict_json(body)  # a hop to a thread takes longer
    metrics.predictions(scored.prediction).inc()
    return answer(orjson.dumps(scored))


@router.get(
    "/get_shap",
    tags=SCORES,
    summary="Why a client scores as it does",
    response_model=ExplanationAnswer,
    responses=problems(401, 404, 422, 500, 503),
    openapi_extra=CLIENT,
)
async def get_shap(request: Request) -> Response:
    """SHAP values of class 1 in the model's raw output: log-odds for LightGBM."""
    loaded, metrics = service_of(request).loaded, service_of(request).metrics
    client_id = client_parameter(request)
    body = loaded.explanations.get(client_id)
    origin = "reused"
    if body is None:
        loaded.scoring.require_client(client_id)
        explainers, call = service_of(request).explainers, (loaded, client_id)
        origin = "reused" if call in explainers else "computed"
        body = await explainers.run(call, explanation_body, loaded.scoring, client_id)
        keep(loaded.explanations, client_id, body)
    metrics.explanations(origin).inc()
    return answer(body)


@router.get(
    "/get_kde",
    tags=REFERENCE,
    summary="A feature among those who paid and those who did not",
    response_model=ReferenceValues,
    responses=problems(401, 404, 422, 500),
    openapi_extra=FEATURE,
)
async def get_kde(request: Request) -> Response:
    """Raw values of a feature among the reference clients of each class, for a density plot."""
    loaded = service_of(request).loaded
    feature = parameter(request)
    body = loaded.reference_values.get(feature)
    if body is None:
        names = service_of(request).settings.class_names
        body = reference_body(loaded.scoring, feature, names)
        keep(loaded.reference_values, feature, body)
    return answer(body)


def keep(answers: LRUCache[Any, bytes], key: object, body: bytes) -> None:
    """Keep an answer, where it is not larger than all that may be kept."""
    with contextlib.suppress(ValueError):
        answers[key] = body


@router.head("/health", include_in_schema=False)
@router.get(
    "/health",
    tags=SERVICE,
    summary="Whether a prediction was made and checked",
    response_model=Health,
    response_model_exclude_none=True,
    responses=problems(500, 503),
)
async def health(request: Request) -> Response:
    """Score a client again; `refused` says why newer files in the folder are not in use."""
    service = service_of(request)
    service.loaded.scoring.check()
    said, others = service.said(), service.registry.others()
    refused = service.refused or next(
        (f"by another worker: {other['refused']}" for other in others if other["refused"]), None
    )
    health: dict[str, Any] = {"status": "ok", "sha256": said["sha256"][MODEL_FILE]}
    if refused:
        health["refused"] = refused
    if any(other | said != other for other in others):
        health["workers"] = service.registry.workers()
    return JSONResponse(health)


@router.get(
    "/model",
    tags=SERVICE,
    summary="Hashes, threshold, sizes and versions",
    response_model=ModelFacts,
    responses=problems(401, 500),
)
async def model(request: Request) -> Response:
    """What an auditor asks for: exactly what is in use, and what its makers say of it."""
    service = service_of(request)
    facts = model_facts(service.loaded.scoring)
    if workers := service.registry.workers():
        facts["workers"] = workers
    if service.settings.kde_swap_classes:
        facts["get_kde"] = {
            name: f"class {label}" for label, name in enumerate(service.settings.class_names)
        }
    return answer(orjson.dumps(facts))


@router.get(
    "/metrics",
    tags=SERVICE,
    summary="Counters for Prometheus",
    response_class=PlainTextResponse,
    responses=problems(401, 500),
)
async def metrics(request: Request) -> Response:
    """Requests, their durations, predictions and explanations, of all workers together."""
    text = service_of(request).metrics.text(service_of(request).loaded)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


@router.get(OPENAPI, summary="The OpenAPI document", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """What the service answers; the names of features only for who may ask for them."""
    return answer(orjson.dumps(service_of(request).document(told=request.scope[HAS_KEY])))


@router.get(DOCS, summary="Swagger UI", include_in_schema=False)
async def docs(_: Request) -> Response:
    """Swagger UI, every part of which comes from this service."""
    return HTMLResponse(DOCS_PAGE)


# Errors, each from one place: routes have no `try`.


Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def refusal(status: int, hint: str = "", headers: dict[str, str] | None = None) -> Handler:
    """Answer an error with a status, the error's own text and where to find what is accepted."""

    async def handler(_: Request, error: Exception) -> Response:
        return JSONResponse({"detail": f"{error}{hint}"}, status, headers)

    return handler


async def unknown_path(request: Request, _: Exception) -> Response:
    """Answer for a path without a route."""
    return JSONResponse({"detail": f"no route {shown(request.url.path)}: / lists the routes"}, 404)


async def wrong_method(request: Request, _: Exception) -> Response:
    """Answer for a route that is there under another method."""
    path = request.scope["path"]
    routes = [route for route in service_of(request).routes if isinstance(route, Route)]
    methods = {method for route in routes if route.path == path for method in route.methods or ()}
    allowed = ", ".join(sorted(methods or {"GET", "HEAD"}))  # without a route: a file of the docs
    detail = f"{shown(path)} takes {allowed}, not {shown(request.method)}"
    return JSONResponse({"detail": detail}, 405, {"Allow": allowed})


async def fault(request: Request, _: Exception) -> Response:
    """Answer for a fault of the service: nothing of it is sent, the server logs its trace."""
    response = JSONResponse({"detail": "Internal Server Error"}, 500)
    response.raw_headers += request.scope["answer_headers"]  # sent from outside of `Edge`
    return response


class Service(FastAPI):
    """The application, and what it loaded: the one reference that a reload swaps."""

    def __init__(
        self,
        settings: Settings,
        registry: WorkerRegistry | None = None,
        metrics: Metrics | None = None,
        logs: LogWriter | None = None,
    ) -> None:
        """Load the folder of the settings.

        Args:
            settings: of this process.
            registry: where this worker is known to the others; nowhere where it is alone.
            metrics: what is counted; from zero on.
            logs: where each request gets a line; nowhere.

        Raises:
            BadFile: see `Loaded.read`.
        """
        self.settings = settings
        self.registry = registry or WorkerRegistry(None)
        wanted = frozenset(name for other in self.registry.others() for name in other["files"])
        self.loaded = Loaded.read(settings, wanted)
        self.refused: str | None = None  # why the files now in the folder are not in use
        self.metrics = metrics or Metrics()
        self.logs = logs
        self.explainers = BoundedPool[bytes](
            EXPLAINING_AT_ONCE, EXPLANATIONS_WAITING, PATIENCE, "explainer"
        )
        super().__init__(
            title="Credit scoring",
            version=VERSION,
            description=DESCRIPTION,
            routes=router.routes,
            openapi_tags=TAGS,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            lifespan=watched,
            exception_handlers={
                404: unknown_path,
                405: wrong_method,
                UnknownClient: refusal(404, ": /get_ids lists them"),
                UnknownFeature: refusal(404, ": /get_feat lists them"),
                InvalidRecord: refusal(422, ": /get_json gives them"),
                InconsistentScore: refusal(503),
                Busy: refusal(503, "too many explanations at once", {"Retry-After": "1"}),
                ClientDisconnect: refusal(400, "the body was cut short"),
                Exception: fault,
            },
        )
        self.mount(DOCS_ASSETS, StaticFiles(packages=[("fastapi_offline", "static")]))
        self.add_middleware(ApiKey, keys=settings.keys, is_open=is_open)
        self.add_middleware(Edge, service=self)
        self.tell()
        if not settings.keys:
            log.warning("API_KEY is not set: everybody who reaches the service may ask")

    def said(self) -> dict[str, Any]:
        """What this worker has in use, as every worker tells it."""
        scoring, files = self.loaded.scoring, sorted(self.loaded.files)
        return {"sha256": scoring.sha256, "threshold": scoring.threshold, "files": files}

    def tell(self) -> None:
        """Let the other workers know what this one has in use, and what it refused."""
        self.registry.tell(self.said() | {"refused": self.refused})

    def reload(self) -> bool:
        """Take the files now in the folder into use; whether that was possible.

        gunicorn's SIGHUP would end the whole server where the new files are bad.
        """
        folder = self.settings.ressources_dir
        try:
            loaded = Loaded.read(self.settings, self.loaded.files)
        except BadFile as problem:
            self.refuse(str(problem))
            return False
        # Files that changed while they were read may be of two models: the watcher looks again.
        if loaded.is_current(folder):
            self.loaded, self.refused = loaded, None
            self.tell()
        return True

    def refuse(self, reason: str) -> None:
        """Go on with the files in use."""
        if reason != self.refused:
            folder = self.settings.ressources_dir
            log.warning("%s: new files are not taken into use: %s", folder, reason)
        self.refused = reason
        self.tell()

    def report(self, fault: BaseException) -> None:
        """Log a fault that a reload ended with, and go on with the files in use."""
        log.critical("a reload failed", exc_info=fault)
        self.refuse(f"a fault of the service: {described(fault)}")

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, with names and examples from the files: they work when tried."""
        return self.document(told=True)

    def document(self, *, told: bool) -> dict[str, Any]:
        """The OpenAPI document.

        Args:
            told: whether it has the names of features, and a client for an example.
        """
        if self.openapi_schema is None:
            self._describe_settings(super().openapi())
        document = super().openapi()
        made, parts = document["components"], components(self.loaded.scoring if told else None)
        both = {name: made.get(name, {}) | part for name, part in parts.items()}
        return document | {"components": made | both}

    def _describe_settings(self, document: dict[str, Any]) -> None:
        """Say in the document what the settings change."""
        if self.settings.kde_swap_classes:
            values = document["components"]["schemas"]["ReferenceValues"]["properties"]
            first, second = values["feat0"], values["feat1"]
            first["description"], second["description"] = (
                second["description"],
                first["description"],
            )
            document["paths"]["/get_kde"]["get"]["description"] += (
                "\n\nHere, by `KDE_SWAP_CLASSES=1`, `feat0` is class 1, in default, and `feat1` is"
                " class 0, solvent."
            )
        if self.settings.keys:
            key = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
            document["components"]["securitySchemes"] = {"key": key}
            for path in document["paths"].keys() - OPEN_PATHS:
                for operation in document["paths"][path].values():
                    operation["security"] = [{"key": []}]


def is_open(path: str) -> bool:
    """Whether a path is open to all where keys are set."""
    return path in OPEN_PATHS or path.startswith(f"{DOCS_ASSETS}/")


@contextlib.asynccontextmanager
async def watched(service: Service) -> AsyncIterator[None]:
    """Watch the folder for as long as the service runs."""
    folder = service.settings.ressources_dir
    watcher = FolderWatcher(
        lambda: fingerprint_of(folder, FILES),
        service.loaded.fingerprint,
        service.reload,
        service.report,
    )
    watcher.start()
    yield
    watcher.stop()
    service.registry.leave()
    if service.logs is not None:
        service.logs.close()  # uvicorn ends the process by a signal: nothing else would run


class Edge:
    """What every request passes: one spelling of its path, an id, headers, a count, a log line."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        """Wrap an application."""
        self.app = app
        self.metrics = service.metrics
        logs = service.logs if service.settings.request_log else None
        self.log = None if logs is None else request_logger(logs)
        paths = [route.path for route in service.routes if isinstance(route, Route)]
        self.spelling = {path.rstrip("/") or "/": path for path in paths}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        path = "/" + "/".join(filter(None, scope["path"].split("/")))
        is_docs = path == DOCS or path.startswith(DOCS_ASSETS)
        route = self.spelling.get(path, DOCS_ASSETS if is_docs else UNKNOWN)
        scope["path"] = self.spelling.get(path, path)
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
        headers = [
            *(DOCS_HEADERS if is_docs else API_HEADERS),
            (b"x-request-id", request_id.encode()),
        ]
        scope["answer_headers"] = headers
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - began
            self.metrics.requests(route, status).inc()
            self.metrics.seconds(route).observe(seconds)
            if self.log is not None:
                self.log(
                    {
                        "time": datetime.now(UTC).isoformat(),
                        "event": "request",
                        "method": scope["method"],
                        "route": route,
                        "status": status,
                        "milliseconds": round(1000 * seconds, 3),
                        "request_id": request_id,
                    }
                )


def start() -> Service:
    """The service of this process' environment; ends the process where it cannot be.

    Raises:
        SystemExit: after one line that says why.
    """
    metrics = Metrics()
    logs = LogWriter(STANDARD_ERROR, metrics.dropped_lines.inc)
    configure_logging(logs, ("scoring", "serving", log.name))
    shared = os.environ.get(METRICS_FOLDER)
    registry = WorkerRegistry(Path(shared) if shared else None)
    # A full collection walks what all the libraries made, for 60 ms, and a reload causes some: a
    # request would wait for them. What is made from here on is walked as ever.
    gc.freeze()
    try:
        return Service(Settings(), registry, metrics, logs)
    except ValidationError as error:
        # Without the values: one may be a key.
        wrong = [f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()]
        log.critical("settings: %s", "; ".join(wrong))
    except BadFile as error:
        log.critical("cannot start: %s", error)
        if registry.others():  # with what they loaded before: gunicorn goes on, and tries again
            time.sleep(RETRY_SECONDS)
            sys.exit(1)
    sys.exit(START_FAILED)


app = start()
