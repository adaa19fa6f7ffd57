"""The middleware of a request, one concern each, in this order.

    RequestLog         an id, metrics, and a line in the log
    CanonicalPath      one spelling of the path
    ResponseHeaders    the headers of every answer
    ApiKey             the key of the caller

Each wraps the next application, `app`. Values for the others are in the request's scope, under the
names below.
"""

import hmac
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.metrics import UNKNOWN, Metrics

REQUEST_ID = "request_id"
ROUTE = "route_name"  # as logs and metrics call it
HEADERS = "answer_headers"  # for answers that do not pass `ResponseHeaders`
HAS_KEY = "has_key"  # true if the request has a key, or none is needed

ACCEPTED_ID = re.compile(r"[0-9A-Za-z_.:-]{1,64}")

RawHeaders = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class RequestLog:
    """Give each request an id, count it, and write its line.

    Attributes:
        metrics: count the requests and their durations.
        write: called with the fields of a line; None if no line is written.
    """

    app: ASGIApp
    metrics: Metrics
    write: Callable[[dict[str, Any]], None] | None

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
                self.write(
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
            scope[ROUTE] = known or self._mounted_above(path)
        await self.app(scope, receive, send)

    @cached_property
    def _spelling(self) -> dict[str, str]:
        """The path of each route, by that path and by the path without a slash at its end."""
        paths = [route.path for route in self.routes if isinstance(route, Route)]
        return {path.rstrip("/") or "/": path for path in paths} | {path: path for path in paths}

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


@dataclass(frozen=True)
class ApiKey:
    """Ask for a key unless a path is open: a route that is added tomorrow is closed.

    Attributes:
        keys: the accepted keys; if there are none, no key is needed.
        is_open: true for a path that needs no key.
    """

    app: ASGIApp
    keys: Sequence[bytes]
    is_open: Callable[[str], bool]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it with 401."""
        if scope["type"] != "lifespan":
            scope[HAS_KEY] = self._has_key(scope)
            if not scope[HAS_KEY] and not self.is_open(scope["path"]):
                await _refuse(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _has_key(self, scope: Scope) -> bool:
        if not self.keys:
            return True
        given = next((value for name, value in scope["headers"] if name == b"x-api-key"), b"")
        # Every key is compared, each in constant time: the time of an answer betrays none.
        matches = [hmac.compare_digest(given, key) for key in self.keys]
        return any(matches)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})  # refused by policy
        return
    answer = JSONResponse(
        {"detail": "a valid key is needed in X-API-Key"}, 401, {"WWW-Authenticate": "APIKey"}
    )
    await answer(scope, receive, send)
