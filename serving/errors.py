"""The answer to each kind of error, in one place: routes have no `try`."""

from collections.abc import Callable, Coroutine
from typing import Any

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from serving.middleware import HEADERS, ROUTE

LONGEST = 100  # characters of a path or a method in a message

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

DESCRIPTIONS = {
    401: "The key in X-API-Key is missing or wrong; only where the service has keys.",
    403: "The caller of this key lacks the role that the route needs.",
    404: "Nothing has this id or this name.",
    409: "Somebody else was faster, or is not finished: `detail` says with what.",
    410: "What had this id was erased.",
    413: "The body is larger than the service accepts.",
    422: "What was sent is not what the route takes: `detail` says what it takes.",
    500: "A fault of the service.",
    503: "Not now.",
}


def abridged(text: object) -> str:
    """A received text, made safe and short enough for a message."""
    whole = str(text)
    cut = whole if len(whole) <= LONGEST else whole[:LONGEST] + "…"
    return cut.encode("utf-8", "backslashreplace").decode()


class Problem(BaseModel):
    """An error answer: the received value, and the accepted ones."""

    detail: str


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for the OpenAPI document."""
    return {status: {"model": Problem, "description": DESCRIPTIONS[status]} for status in statuses}


def refusal(status: int, hint: str = "", headers: dict[str, str] | None = None) -> Handler:
    """Answer an error with a status, its own text, and a hint at the accepted values."""

    async def handler(_: Request, error: Exception) -> Response:
        return JSONResponse({"detail": f"{error}{hint}"}, status, headers)

    return handler


async def unknown_path(request: Request, _: Exception) -> Response:
    """Answer for a path without a route."""
    return JSONResponse(
        {"detail": f"no route {abridged(request.url.path)}: / lists the routes"}, 404
    )


def methods_of(request: Request) -> set[str]:
    """The methods of all routes that have the path of a request, an empty set without one."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    found = [route.methods or () for route in routes if route.path == request.scope[ROUTE]]
    return {method for methods in found for method in methods}


async def wrong_method(request: Request, _: Exception) -> Response:
    """Answer for a path whose route has another method."""
    methods = methods_of(request)
    path = request.scope[ROUTE] if methods else request.scope["path"]
    allowed = ", ".join(sorted(methods or {"GET", "HEAD"}))  # a mounted file is not a route
    detail = f"{abridged(path)} takes {allowed}, not {abridged(request.method)}"
    return JSONResponse({"detail": detail}, 405, {"Allow": allowed})


async def fault(request: Request, _: Exception) -> Response:
    """Answer for a fault of the service, without its text; the server logs the traceback."""
    response = JSONResponse({"detail": "Internal Server Error"}, 500)
    response.raw_headers += request.scope[HEADERS]  # it does not pass the middleware
    return response


async def wrong_parameters(_: Request, error: Any) -> Response:
    """Answer for wrong parameters of a typed route, without their values."""
    problems = [f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors()]
    return JSONResponse({"detail": "; ".join(problems)}, 422)


USUAL_HANDLERS: dict[int | type[Exception], Handler] = {
    404: unknown_path,
    405: wrong_method,
    ClientDisconnect: refusal(400, "the body was cut short"),
    Exception: fault,
}
