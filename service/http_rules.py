"""HTTP rules of the service: the status of each error, and the paths open without a key."""

from typing import Any

from starlette.requests import Request

from api.openapi import describe_swapped_classes
from credit_scoring.data.client_ids import ClientId
from credit_scoring.errors import (
    InconsistentScore,
    InvalidApplication,
    InvalidRecord,
    NoPeers,
    UnknownClient,
    UnknownFeature,
)
from credit_scoring.model.bundle import Bundle
from service.settings import Settings
from serving import swagger_ui
from serving.batching import Busy
from serving.errors import USUAL_HANDLERS, Handler, refusal
from serving.gunicorn_worker import NotReady
from serving.routing import query_integer, query_value

HANDLERS: dict[int | type[Exception], Handler] = {
    **USUAL_HANDLERS,
    UnknownClient: refusal(404, ": /get_ids lists them"),
    UnknownFeature: refusal(404, ": /get_feat lists them"),
    InvalidRecord: refusal(422, ": /get_json gives them"),
    InvalidApplication: refusal(422),
    InconsistentScore: refusal(503),
    NoPeers: refusal(503),
    NotReady: refusal(503, "the reference clients are being scored", {"Retry-After": "5"}),
    Busy: refusal(503, "too many explanations at once", {"Retry-After": "1"}),
}

OPEN_PATHS = frozenset({"/", "/health", swagger_ui.DOCS, swagger_ui.OPENAPI})
NO_RECORD = (
    "empty, and param_name is not read here: send as the body the record that"
    " /get_json?param_name=… has in its data, decoded"
)


def client_id_in_query(request: Request, bundle: Bundle, name: str) -> ClientId:
    """The client's id in a query: a text if the ids of the bundle are texts, else an integer.

    Raises:
        HTTPException: 422 if the parameter is missing, or is not an integer where ids are numbers.
    """
    if bundle.has_text_ids:
        return query_value(request, name)
    return query_integer(request, name, "a client's id")


def is_open(path: str) -> bool:
    """True for a path that is open without a key."""
    return path in OPEN_PATHS or swagger_ui.is_docs(path)


def complete_document(document: dict[str, Any], settings: Settings) -> None:
    """Add to the OpenAPI document the parts that depend on settings."""
    if settings.kde_swap_classes:
        describe_swapped_classes(document)
    if settings.keys:
        swagger_ui.require_key(document, OPEN_PATHS)
