"""HTTP rules of the service: the status of each error, and the paths open without a key."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from api.openapi import describe_register, describe_swapped_classes
from credit_scoring.data.table_files.client_ids import ClientId
from credit_scoring.errors import (
    InconsistentScore,
    InvalidApplication,
    InvalidRecord,
    NoPeers,
    UnknownClient,
    UnknownFeature,
    UnknownLanguage,
)
from credit_scoring.model.bundle import Bundle
from register.errors import (
    Damaged,
    Erased,
    FiguresAway,
    InvalidCursor,
    InvalidRequest,
    KeyInFlight,
    KeyReused,
    LetterHeld,
    RegisterAway,
    StaleReview,
    UnknownDecision,
)
from service.scoring_service import ScoringService
from service.settings import Settings
from serving import swagger_ui
from serving.batching import Busy
from serving.callers import Caller
from serving.errors import USUAL_HANDLERS, Handler, refusal
from serving.limits.body_limits import body_of
from serving.middleware import CALLER
from serving.routing import query_integer, query_value
from serving.workers.gunicorn_worker import NotReady

HANDLERS: dict[int | type[Exception], Handler] = {
    **USUAL_HANDLERS,
    UnknownClient: refusal(404, ": /get_ids lists them"),
    UnknownLanguage: refusal(422),
    UnknownFeature: refusal(404, ": /get_feat lists them"),
    InvalidRecord: refusal(422, ": /get_json gives them"),
    InvalidApplication: refusal(422),
    InconsistentScore: refusal(503),
    NoPeers: refusal(503),
    NotReady: refusal(503, "the reference clients are being scored", {"Retry-After": "5"}),
    Busy: refusal(503, "too many explanations at once", {"Retry-After": "1"}),
    RegisterAway: refusal(503, headers={"Retry-After": "1"}),
    FiguresAway: refusal(503, headers={"Retry-After": "5"}),
    UnknownDecision: refusal(404, ": /decisions lists them"),
    InvalidRequest: refusal(422),
    InvalidCursor: refusal(422),
    KeyReused: refusal(422),
    KeyInFlight: refusal(409, headers={"Retry-After": "1"}),
    StaleReview: refusal(409),
    LetterHeld: refusal(409),
    Erased: refusal(410),
    Damaged: refusal(500),
}

SCORE = "score"  # the role of whoever may see the new clients
ROLES: dict[str, tuple[str, ...]] = {
    SCORE: (
        "GET /get_ids",
        "GET /get_feat",
        "GET /get_test",
        "GET /get_json",
        "GET /prediction/",
        "POST /prediction/",
        "GET /get_shap",
        "GET /get_kde",
        "POST /score",
        "GET /sensitivity",
        "POST /sensitivity",
        "GET /alternatives",
        "POST /alternatives",
        "GET /combinations",
        "POST /combinations",
        "GET /features",
        "GET /importance",
        "GET /drift",
        "GET /model",
    ),
    "decide": ("POST /decisions",),
    "read": ("GET /decisions", "GET /decisions/{id}", "GET /decisions/{id}/letter"),
    "review": ("POST /decisions/{id}/review-requests", "POST /decisions/{id}/reviews"),
    "outcomes": ("POST /outcomes",),
    "monitor": ("GET /metrics", "GET /monitoring"),
    "audit": ("GET /register/head",),
}

OPEN_PATHS = frozenset({"/", "/health", swagger_ui.DOCS, swagger_ui.OPENAPI})
NO_RECORD = (
    "empty, and param_name is not read here: send as the body the record that"
    " /get_json?param_name=… has in its data, decoded"
)


def service_of(request: Request) -> ScoringService:
    """The service behind the application; `request.app` has no type."""
    service: ScoringService = request.app.service
    return service


def bundle_of(request: Request) -> Bundle:
    """The bundle in use."""
    return service_of(request).current.bundle


def client_id_of(request: Request, name: str = "param_name") -> ClientId:
    """The client's id in a query: a text if the ids of the bundle are texts, else an integer.

    Raises:
        HTTPException: 422 if the parameter is missing, or is not an integer where ids are numbers.
    """
    if bundle_of(request).has_text_ids:
        return query_value(request, name)
    return query_integer(request, name, "a client's id")


async def record_in(request: Request) -> bytes:
    """The body of `/prediction/`.

    Raises:
        HTTPException: 413 if it is too long; 422 if a client's id was sent in its place.
    """
    body = await body_of(request, service_of(request).settings.max_body_bytes)
    if not body and b"param_name" in request.scope["query_string"]:
        raise HTTPException(422, NO_RECORD)
    return body


async def application_in(request: Request) -> ClientId | bytes:
    """The application that a request is about: a client's id in a query, or the body of a POST.

    Raises:
        HTTPException: 413 if the body is too long; see also `client_id_of`.
    """
    if request.method == "POST":
        return await body_of(request, service_of(request).settings.max_body_bytes)
    return client_id_of(request, "client")


def may_see_names(request: Request) -> bool:
    """True for a caller who may see the names of features and a client's record."""
    caller: Caller | None = request.scope[CALLER]
    return caller is not None and SCORE in caller.roles


def is_open(path: str) -> bool:
    """True for a path that is open without a key."""
    return path in OPEN_PATHS or swagger_ui.is_docs(path)


def complete_document(document: dict[str, Any], settings: Settings) -> None:
    """Add to the OpenAPI document the parts that depend on settings."""
    if settings.kde_swap_classes:
        describe_swapped_classes(document)
    if settings.register_url is not None:
        describe_register(document)
    if settings.needs_key:
        swagger_ui.require_key(document, OPEN_PATHS)
    if settings.api_keys_file is not None:
        swagger_ui.require_roles(document, ROLES)
