"""The middleware of a request, one concern each, in this order.

    RequestLog         an id, metrics, and a line in the log
    CanonicalPath      one spelling of the path
    ResponseHeaders    the headers of every answer
    ApiKey             the key of the caller and its roles, in `serving.api_key`

Each wraps the next application, `app`. Values for the others are in the request's scope, under the
names below.
"""

import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.observability.metrics import UNKNOWN, Metrics

REQUEST_ID = "request_id"
ROUTE = "route_name"  # the path of the route as it is declared, for logs and metrics
HEADERS = "answer_headers"  # for answers that do not pass `ResponseHeaders`
CALLER = "caller"  # a `serving.callers.Caller`; None for a request without a right key

ACCEPTED_ID = re.compile(r"[0-9A-Za-z_.:-]{1,64}")

RawHeaders = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class RequestLog:
    """Give each request an id, count it, and write its line.

    Attributes:
        metrics: count the requests and their durations.
        write: called with the fields of a line; None if no line is written.
        names_callers: true if a line has the name of the caller, null without a right key.
    """

    app: ASGIApp
    metrics: Metrics
    write: Callable[[dict[str, Any]], None] | None
    names_callers: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        scope[REQUEST_ID] = request_id = _request_id(scope)
        status = 500

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_see)
        finally:
            seconds = time.perf_counter() - began
            route = scope.get(ROUTE, UNKNOWN)
            self.metrics.requests(route, status).inc()
            self.metrics.seconds(route).observe(seconds)
            if self.write is not None:
                line = {
                    "time": datetime.now(UTC).isoformat(),
                    "event": "request",
                    "method": scope["method"],
                    "route": route,
                    "status": status,
                    "milliseconds": round(1000 * seconds, 3),
                    "request_id": request_id,
                }
                if self.names_callers:
                    caller = scope.get(CALLER)
                    line["caller"] = None if caller is None else caller.name
                self.write(line)


def _request_id(scope: Scope) -> str:
    """The caller's id of a request, or a new one if the caller's is missing or not accepted."""
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return given if ACCEPTED_ID.fullmatch(given) else secrets.token_hex(16)


@dataclass(frozen=True)
class CanonicalPath:
    """Spell a path as its route does, whatever its slashes, without a redirect.

    Attributes:
        routes: of the application; more may be added before the first request.
    """

    app: ASGIApp
    routes: Sequence[BaseRoute]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            # Routes, and addresses in answers, are without the server's root path.
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            scope["root_path"] = ""
            known = self._spelling.get(path)
            if known is None:
                path = "/" + "/".join(filter(None, path.split("/")))
                known = self._spelling.get(path)
            scope["path"] = known or path
            scope[ROUTE] = known or self._match_pattern(scope, path) or self._mounted_above(path)
        await self.app(scope, receive, send)

    @cached_property
    def _spelling(self) -> dict[str, str]:
        """The path of each route, by that path and by the path without a slash at its end.

        Routes with parameters have no path of their own.
        """
        routes = [route for route in self.routes if isinstance(route, Route)]
        paths = [route.path for route in routes if not route.param_convertors]
        return {path.rstrip("/") or "/": path for path in paths} | {path: path for path in paths}

    @cached_property
    def _patterns(self) -> list[Route]:
        """The routes with parameters in their paths, one for each path."""
        routes = [route for route in self.routes if isinstance(route, Route)]
        return list({route.path: route for route in routes if route.param_convertors}.values())

    def _match_pattern(self, scope: Scope, path: str) -> str | None:
        """Put the parameters in a path into the scope, and give the path that the route declares.

        A parameter is a decoded text; a `%2F` ends it, as a slash does. The declared path, such as
        `/orders/{id}`, names the route: a name with the parameters could be any text.
        """
        for route in self._patterns:
            if found := route.path_regex.fullmatch(path):
                scope["path_params"] = found.groupdict()
                return route.path
        return None

    def _mounted_above(self, path: str) -> str:
        """The path of the mounted application that answers, as the name of the route."""
        mounts = [route.path for route in self.routes if isinstance(route, Mount)]
        return next((mount for mount in mounts if path.startswith(f"{mount}/")), UNKNOWN)


@dataclass(frozen=True)
class ResponseHeaders:
    """Add the headers of every answer, and the request's id.

    Attributes:
        headers: gives the headers for a path.
    """

    app: ASGIApp
    headers: Callable[[str], RawHeaders]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = (b"x-request-id", scope[REQUEST_ID].encode())
        scope[HEADERS] = headers = [*self.headers(scope["path"]), request_id]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        await self.app(scope, receive, send_with_headers)
