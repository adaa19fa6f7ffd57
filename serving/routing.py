"""Routes found by their path, their documentation, and query parameters."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from serving.errors import abridged, error_responses
from serving.middleware import ROUTE

QUERY_FIELDS = 100  # the largest number of parameters in a query
INTEGER = re.compile(r"-?[0-9]{1,100}")


class ByPath:
    """A mixin for routes that match the path that `CanonicalPath` found.

    The parameters of a path such as `/orders/{id}` are in `request.path_params`.
    """

    path: str
    methods: Any
    summary: Any

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a request by its path, then by its method."""
        if scope["type"] != "http" or scope[ROUTE] != self.path:
            return Match.NONE, {}
        return (Match.FULL if scope["method"] in (self.methods or ()) else Match.PARTIAL), {}


class Direct(ByPath):
    """A mixin for routes whose function takes the request and returns the response.

    FastAPI documents such a route, but neither reads its parameters, which would take a third of
    the time of a cached response, nor cleans up after dependencies.
    """

    endpoint: Callable[[Request], Awaitable[Response]]

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request.

        Raises:
            HTTPException: 405 for another method.
        """
        if scope["method"] not in (self.methods or ()):
            raise HTTPException(405)
        response = await self.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def documented(
    summary: str, tag: str, model: Any, *errors: int, takes: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The documentation of a route, as arguments of FastAPI's decorators.

    Args:
        summary: one line.
        tag: the tag of the route in the document.
        model: the shape of the response.
        errors: the statuses of errors except 500.
        takes: parameters and body, if FastAPI does not read them.
    """
    return {
        "summary": summary,
        "tags": [tag],
        "response_model": model,
        "responses": error_responses(*errors, 500),
        "openapi_extra": takes,
    }


def summaries(routes: Sequence[BaseRoute]) -> dict[str, str]:
    """The summaries of documented routes, by method and path."""
    return {
        f"{method} {route.path}": route.summary
        for route in routes
        if isinstance(route, ByPath)
        for method in sorted((route.methods or set()) - {"HEAD"})
    }


def query_values(request: Request, number: str = "few are") -> dict[str, str]:
    """The parameters in the query, the last one of each name.

    Args:
        request: has the query.
        number: of the parameters that are read, for the message.

    Raises:
        HTTPException: 422 if the query has very many.
    """
    return values_in(request.scope["query_string"], number)


def values_in(query_string: bytes, number: str = "few are") -> dict[str, str]:
    """The parameters in a query, the last one of each name; see `query_values`."""
    query = query_string.decode("latin-1")
    if query.count("&") >= QUERY_FIELDS:
        raise HTTPException(422, f"more than {QUERY_FIELDS} parameters, where {number} read")
    return dict(parse_qsl(query, keep_blank_values=True)) if query else {}


def query_value(request: Request, name: str) -> str:
    """The value of a parameter in the query, the last one if it is repeated.

    Raises:
        HTTPException: 422 if the parameter is missing or the query has very many.
    """
    value = query_values(request, "one is").get(name)
    if value is None:
        raise HTTPException(422, f"{name} is missing: {request.url.path}?{name}=…")
    return value


def query_integer(request: Request, name: str, meaning: str) -> int:
    """The value of an integer parameter in the query.

    Raises:
        HTTPException: 422 if the parameter is missing or not an integer.
    """
    value = query_value(request, name)
    if not INTEGER.fullmatch(value):
        raise HTTPException(422, f"{name} is not an integer, {meaning}: {abridged(value)}")
    return int(value)


def json_response(body: bytes) -> Response:
    """A JSON text as a response."""
    return Response(body, media_type="application/json")
