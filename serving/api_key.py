"""The middleware that asks for a key, and for the role that a route needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.callers import Caller, Callers
from serving.errors import abridged, methods_of, unknown_path, wrong_method
from serving.middleware import CALLER, ROUTE
from serving.observability.metrics import UNKNOWN


@dataclass(frozen=True)
class ApiKey:
    """Let a request in if its path is open, or if its key has the role that its route needs.

    A route that is added tomorrow is closed: to requests without a key, and, until it stands in the
    table, to callers without all roles.

    Attributes:
        callers: find a caller by key.
        roles: the routes of each role, as ``METHOD /path``, the path as its route declares it.
        is_open: true for a path that needs no key.
    """

    app: ASGIApp
    callers: Callers
    roles: Mapping[str, Sequence[str]]
    is_open: Callable[[str], bool]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it with 401 or 403."""
        if scope["type"] != "lifespan":
            caller = self.callers.everybody or self.callers.find(scope["headers"])
            scope[CALLER] = caller
            allowed = caller is not None and self._allows(caller, scope)
            if not allowed and not self.is_open(scope["path"]):
                await self._refuse(caller, scope, receive, send)
                return
        await self.app(scope, receive, send)

    @cached_property
    def _needed(self) -> dict[tuple[str, ...], str]:
        """The role that each route in the table needs, by method and path."""
        return {
            tuple(route.split(" ")): role for role, routes in self.roles.items() for route in routes
        }

    def _role(self, scope: Scope) -> str | None:
        """The role that a request needs; None if its route is not in the table."""
        return self._needed.get((scope.get("method", ""), scope.get(ROUTE, UNKNOWN)))

    def _allows(self, caller: Caller, scope: Scope) -> bool:
        return caller.roles >= self.callers.roles or self._role(scope) in caller.roles

    async def _refuse(
        self, caller: Caller | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # refused by policy
            return
        answer = _no_key() if caller is None else await self._forbidden(caller, Request(scope))
        await answer(scope, receive, send)

    async def _forbidden(self, caller: Caller, request: Request) -> Response:
        """The answer to a caller without the role; 404 or 405 if there is no such route."""
        if role := self._role(request.scope):
            detail = f"the key of {caller.name} lacks the role {role}"
            return JSONResponse({"detail": detail}, 403)
        route, method, methods = request.scope[ROUTE], request.method, methods_of(request)
        if route == UNKNOWN or (methods and method not in methods):
            explain = wrong_method if methods else unknown_path
            return await explain(request, HTTPException(405 if methods else 404))
        detail = f"the key of {caller.name} lacks roles, and {abridged(method)} {route} needs all"
        return JSONResponse({"detail": detail}, 403)


def _no_key() -> Response:
    """The answer to a request without a right key."""
    headers = {"WWW-Authenticate": "APIKey"}
    return JSONResponse({"detail": "a valid key is needed in X-API-Key"}, 401, headers)
