"""Paths: one spelling, parameters, and the name of the route for logs, metrics and `Allow`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from serving.errors import USUAL_HANDLERS
from serving.middleware import CanonicalPath, RequestLog, ResponseHeaders
from serving.observability.metrics import Metrics
from serving.routing import Direct
from tests.support.servers.inprocess import client_of

ID = "01936c2f-7a10-7c8e-9f3a-1d2b3c4d5e6f"


class DirectRoute(Direct, Route):
    """A route of Starlette that calls its function directly."""


def echo(name: str) -> Callable[[Request], Any]:
    """A function that answers with its name, the path and the parameters of a request."""

    async def answer(request: Request) -> Response:
        return JSONResponse([name, request.scope["path"], dict(request.path_params)])

    return answer


@dataclass
class Desk:
    """An application with every kind of route, its log lines, and its metrics."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)

    def client(self, root_path: str = "") -> httpx.Client:
        """A client of the application, which a server serves below a path."""
        app = Starlette(
            routes=[
                DirectRoute("/orders", echo("orders"), methods=["GET"]),
                DirectRoute("/orders", echo("new order"), methods=["POST"]),
                DirectRoute("/orders/open", echo("open"), methods=["GET"]),
                DirectRoute("/orders/{id}", echo("order"), methods=["GET"]),
                DirectRoute("/orders/{id}", echo("no order"), methods=["DELETE"]),
                DirectRoute("/orders/{id}/notes", echo("notes"), methods=["POST"]),
                DirectRoute("/orders/{id}/notes/{note}", echo("note"), methods=["GET"]),
                DirectRoute("/slash/", echo("slash"), methods=["GET"]),
                Route("/plain/{name}", echo("plain"), methods=["GET"]),
                Mount("/files", PlainTextResponse("file")),
            ],
            middleware=[
                Middleware(RequestLog, metrics=self.metrics, write=self.lines.append),
                Middleware(CanonicalPath, routes=[]),
                Middleware(ResponseHeaders, headers=lambda _: []),
            ],
            exception_handlers=USUAL_HANDLERS,
        )
        app.user_middleware[1].kwargs["routes"] = app.routes
        app.router.redirect_slashes = False

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope | {"root_path": root_path}, receive, send)

        return client_of(serve)

    def counted(self) -> set[str]:
        """The routes in the metrics."""
        return {
            sample.labels["route"]
            for family in text_string_to_metric_families(self.metrics.text().decode())
            for sample in family.samples
            if sample.name == "http_requests_total"
        }


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("path", "answer", "route"),
    [
        ("/orders", ["orders", "/orders", {}], "/orders"),
        ("//orders//", ["orders", "/orders", {}], "/orders"),
        ("/orders/open", ["open", "/orders/open", {}], "/orders/open"),
        ("/orders/open/", ["open", "/orders/open", {}], "/orders/open"),
        ("/slash", ["slash", "/slash/", {}], "/slash/"),
        (f"/orders/{ID}", ["order", f"/orders/{ID}", {"id": ID}], "/orders/{id}"),
        (f"///orders//{ID}//", ["order", f"/orders/{ID}", {"id": ID}], "/orders/{id}"),
        ("/orders/{id}", ["order", "/orders/{id}", {"id": "{id}"}], "/orders/{id}"),
        ("/orders/a%20b%C3%A9", ["order", "/orders/a bé", {"id": "a bé"}], "/orders/{id}"),
        ("/orders/a%0A", ["order", "/orders/a\n", {"id": "a\n"}], "/orders/{id}"),
        ("/orders/%2E%2E", ["order", "/orders/..", {"id": ".."}], "/orders/{id}"),
        ("/orders/a%2F/", ["order", "/orders/a", {"id": "a"}], "/orders/{id}"),
        ("/orders/a%3Fb", ["order", "/orders/a?b", {"id": "a?b"}], "/orders/{id}"),
        (
            f"/orders/{ID}/notes/7/",
            ["note", f"/orders/{ID}/notes/7", {"id": ID, "note": "7"}],
            "/orders/{id}/notes/{note}",
        ),
        ("/plain/x//", ["plain", "/plain/x", {"name": "x"}], "/plain/{name}"),
    ],
)
def test_a_path_is_answered_by_its_route(desk: Desk, path: str, answer: list, route: str):
    answered = desk.client().get(httpx.URL("http://testserver", raw_path=path.encode()))
    assert (answered.status_code, answered.json()) == (200, answer)
    assert [line["route"] for line in desk.lines] == [route]
    assert desk.counted() == {route}


@pytest.mark.parametrize(
    ("path", "route"),
    [
        (f"/orders/{ID}/nothing", "unknown"),
        (f"/orders/{ID}/notes/7/8", "unknown"),
        (f"/{ID}", "unknown"),
        ("/orders/a%2Fb", "unknown"),
        ("/orders/a/notes%0A/", "unknown"),
        ("/plain", "unknown"),
        ("/ORDERS/7", "unknown"),
        ("/files", "unknown"),
    ],
)
def test_a_path_without_a_route_is_unknown(desk: Desk, path: str, route: str):
    answered = desk.client().get(httpx.URL("http://testserver", raw_path=path.encode()))
    assert answered.status_code == 404
    assert answered.json()["detail"].endswith(": / lists the routes")
    assert [line["route"] for line in desk.lines] == [route]
    assert desk.counted() == {route}


def test_a_mounted_application_gives_its_name(desk: Desk):
    assert desk.client().get(f"/files/{ID}").text == "file"
    assert [line["route"] for line in desk.lines] == ["/files"]


@pytest.mark.parametrize(
    ("method", "path", "detail", "allow"),
    [
        (
            "PUT",
            f"/orders/{ID}",
            "/orders/{id} takes DELETE, GET, HEAD, not PUT",
            "DELETE, GET, HEAD",
        ),
        (
            "PUT",
            f"//orders/{ID}/",
            "/orders/{id} takes DELETE, GET, HEAD, not PUT",
            "DELETE, GET, HEAD",
        ),
        ("GET", f"/orders/{ID}/notes", "/orders/{id}/notes takes POST, not GET", "POST"),
        ("PUT", "/orders", "/orders takes GET, HEAD, POST, not PUT", "GET, HEAD, POST"),
        ("POST", "/orders/open", "/orders/open takes GET, HEAD, not POST", "GET, HEAD"),
        ("POST", "/plain/x", "/plain/{name} takes GET, HEAD, not POST", "GET, HEAD"),
    ],
)
def test_another_method_is_refused_with_those_of_the_path(
    desk: Desk, method: str, path: str, detail: str, allow: str
):
    answer = desk.client().request(method, f"http://testserver{path}")
    assert (answer.status_code, answer.json()) == (405, {"detail": detail})
    assert answer.headers["Allow"] == allow
    assert [line["route"] for line in desk.lines] == [detail.partition(" ")[0]]


def test_each_method_of_a_pattern_has_its_own_function(desk: Desk):
    client = desk.client()
    assert client.delete(f"/orders/{ID}").json() == ["no order", f"/orders/{ID}", {"id": ID}]
    assert client.post(f"/orders/{ID}/notes").json()[0] == "notes"
    assert client.post("/orders").json()[0] == "new order"


def test_a_thousand_ids_are_one_label(desk: Desk):
    client = desk.client()
    for number in range(1000):
        assert client.get(f"/orders/{number}").json()[2] == {"id": str(number)}
    assert desk.counted() == {"/orders/{id}"}
    assert {line["route"] for line in desk.lines} == {"/orders/{id}"}


@pytest.mark.parametrize("path", [f"/bank/orders/{ID}", f"/bank//orders/{ID}/", f"/orders/{ID}"])
def test_a_root_path_is_no_part_of_the_path(desk: Desk, path: str):
    answer = desk.client(root_path="/bank").get(f"http://testserver{path}")
    assert answer.json() == ["order", f"/orders/{ID}", {"id": ID}]
