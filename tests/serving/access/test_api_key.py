"""Keys and roles, on an application of another trade: the answers, and the caller's name."""

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from serving.api_key import ApiKey
from serving.callers import Callers
from serving.errors import USUAL_HANDLERS
from serving.middleware import CALLER, CanonicalPath, RequestLog, ResponseHeaders
from serving.observability.metrics import Metrics
from serving.routing import Direct
from tests.support.servers.inprocess import client_of

ROLES = {"cook": ("GET /pots", "PUT /pots/{id}"), "pay": ("GET /bills", "POST /bills")}
CALLERS = {"chef": ["cook"], "boss": ["cook", "pay"], "bank": ["pay"]}
NO_KEY = {"detail": "a valid key is needed in X-API-Key"}


class DirectRoute(Direct, Route):
    """A route of Starlette that calls its function directly."""


async def told(request: Request) -> PlainTextResponse:
    """The name of the caller."""
    caller = request.scope[CALLER]
    return PlainTextResponse(caller.name if caller else "nobody")


async def greet(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(socket.scope[CALLER].name)
    await socket.close()


def kitchen(callers: Callers, *added: Any, **log: Any) -> Starlette:
    """An application with routes of two roles, an open one and those that are added."""
    routes = [
        DirectRoute("/pots", told, methods=["GET"]),
        DirectRoute("/pots/{id}", told, methods=["PUT"]),
        DirectRoute("/bills", told, methods=["GET", "POST"]),
        DirectRoute("/door", told, methods=["GET"]),
        *added,
    ]
    middleware = [
        Middleware(RequestLog, **{"metrics": Metrics(), "write": None} | log),
        Middleware(CanonicalPath, routes=routes),
        Middleware(ResponseHeaders, headers=lambda _: []),
        Middleware(ApiKey, callers=callers, roles=ROLES, is_open=lambda path: path == "/door"),
    ]
    app = Starlette(routes=routes, middleware=middleware, exception_handlers=USUAL_HANDLERS)
    app.router.redirect_slashes = False
    return app


@pytest.fixture
def callers(tmp_path: Path) -> Callers:
    """Three callers, whose keys are their names in capitals, and the key MASTER with all roles."""
    path = tmp_path / "callers.toml"
    lines = [
        f'[[caller]]\nname = "{name}"\nroles = {roles}\n'
        f'sha256 = "{hashlib.sha256(name.upper().encode()).hexdigest()}"\n'
        for name, roles in CALLERS.items()
    ]
    path.write_text("".join(lines))
    path.chmod(0o600)
    return Callers([b"MASTER"], path, ROLES)


def answer_to(app: Starlette, name: str | None, method: str, path: str) -> httpx.Response:
    """The answer to a caller, by name."""
    headers = {"X-API-Key": name.upper()} if name else {}
    return client_of(app).request(method, f"http://testserver{path}", headers=headers)


ROUTES = [(role, *route.split(" ")) for role, routes in ROLES.items() for route in routes]


@pytest.mark.parametrize(("role", "method", "path"), ROUTES)
def test_a_caller_reaches_the_routes_of_its_roles(
    callers: Callers, role: str, method: str, path: str
):
    app = kitchen(callers)
    for name, roles in CALLERS.items():
        for spelling in (path, f"/{path}/"):
            answer = answer_to(app, name, method, spelling)
            if role in roles:
                assert (answer.status_code, answer.text) == (200, name)
            else:
                assert answer.status_code == 403
                assert answer.json() == {"detail": f"the key of {name} lacks the role {role}"}
                assert "WWW-Authenticate" not in answer.headers
    assert answer_to(app, "master", method, path).text == "key"
    for unknown in (None, "thief"):
        answer = answer_to(app, unknown, method, path)
        assert (answer.status_code, answer.json()) == (401, NO_KEY)
        assert answer.headers["WWW-Authenticate"] == "APIKey"


def test_an_open_path_needs_neither_key_nor_role(callers: Callers):
    app = kitchen(callers)
    names = ["chef", "bank", "master", "thief", None]
    texts = {name: answer_to(app, name, "GET", "/door").text for name in names}
    assert texts == dict(zip(names, ["chef", "bank", "key", "nobody", "nobody"], strict=True))


def test_without_keys_the_caller_is_anyone():
    app = kitchen(Callers([], None, ROLES), Route("/added", told))
    for path in ("/pots", "/bills", "/door", "/added"):
        answer = answer_to(app, "thief", "GET", path)
        assert (answer.status_code, answer.text) == (200, "anyone")


@pytest.mark.parametrize(
    "added",
    [
        DirectRoute("/added", told, methods=["GET"]),
        DirectRoute("/{added}", told, methods=["GET"]),
        Route("/added", told),
        Mount("/added", Starlette(routes=[Route("/below", told)])),
        DirectRoute("/pots", told, methods=["DELETE"]),
    ],
    ids=["direct", "pattern", "plain", "mount", "method"],
)
def test_a_route_without_a_role_is_for_callers_with_all_roles(callers: Callers, added: Any):
    app = kitchen(callers, added)
    method, path = ("DELETE", "/pots") if added.path == "/pots" else ("GET", added.path)
    concrete = f"{path}/below" if isinstance(added, Mount) else path.replace("{added}", "7")
    for name in ("boss", "master"):
        assert answer_to(app, name, method, concrete).status_code == 200
    for name in ("chef", "bank"):
        answer = answer_to(app, name, method, concrete)
        detail = f"the key of {name} lacks roles, and {method} {path} needs all"
        assert (answer.status_code, answer.json()) == (403, {"detail": detail})
    assert answer_to(app, None, method, concrete).status_code == 401


def test_a_route_that_is_added_after_the_first_request_is_closed(callers: Callers):
    app = kitchen(callers)
    assert answer_to(app, "chef", "GET", "/pots").status_code == 200
    app.add_route("/late", told)
    assert answer_to(app, "chef", "GET", "/late").status_code == 404
    assert answer_to(app, "boss", "GET", "/late").text == "boss"


def test_a_websocket_is_for_callers_with_all_roles(callers: Callers):
    app = kitchen(callers, WebSocketRoute("/talk", greet))
    with TestClient(app) as client:
        for name in ("boss", "master"):
            headers = {"X-API-Key": name.upper()}
            with client.websocket_connect("/talk", headers=headers) as socket:
                assert socket.receive_text() == {"boss": "boss", "master": "key"}[name]
        for name in ("chef", "thief"):
            with (
                pytest.raises(WebSocketDisconnect) as closed,
                client.websocket_connect("/talk", headers={"X-API-Key": name.upper()}),
            ):
                pass
            assert closed.value.code == 1008


@pytest.mark.parametrize("name", ["chef", "boss", "master"])
def test_a_caller_learns_of_a_wrong_path_or_method(callers: Callers, name: str):
    app = kitchen(callers)
    for path, detail in [
        ("/potz", "no route /potz: / lists the routes"),
        ("/pots/7/8", "no route /pots/7/8: / lists the routes"),
    ]:
        answer = answer_to(app, name, "GET", path)
        assert (answer.status_code, answer.json()) == (404, {"detail": detail})
    for method, path, allow in [
        ("POST", "/pots", "GET, HEAD"),
        ("GET", "/pots/7", "PUT"),
        ("PUT", "/bills", "GET, HEAD, POST"),
    ]:
        answer = answer_to(app, name, method, path)
        route = path.replace("7", "{id}")
        assert answer.json() == {"detail": f"{route} takes {allow}, not {method}"}
        assert (answer.status_code, answer.headers["Allow"]) == (405, allow)


def test_a_line_of_the_log_names_the_caller_if_it_shall(callers: Callers):
    for named in (True, False):
        lines: list[dict[str, Any]] = []
        app = kitchen(callers, write=lines.append, names_callers=named)
        for name in ("chef", "bank", "master", "thief", None):
            answer_to(app, name, "GET", "/pots")
        fields = ["time", "event", "method", "route", "status", "milliseconds", "request_id"]
        for line in lines:
            assert list(line) == fields + ["caller"] * named
        assert [line["status"] for line in lines] == [200, 403, 200, 401, 401]
        if named:
            assert [line["caller"] for line in lines] == ["chef", "bank", "key", None, None]


def test_an_open_service_logs_anyone():
    lines: list[dict[str, Any]] = []
    app = kitchen(Callers([], None, ROLES), write=lines.append, names_callers=True)
    answer_to(app, None, "GET", "/pots")
    assert [line["caller"] for line in lines] == ["anyone"]
