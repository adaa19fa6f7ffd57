"""The OpenAPI document and the index of a service with a register."""

from collections.abc import Callable, Iterator

import httpx
import pytest
import schemathesis
from jsonschema import Draft202012Validator

from main import Application
from service.http_rules import ROLES
from service.recording.routes import ROUTES
from tests.service.recording.asking import decide, opened
from tests.support.servers.inprocess import client_of

KEYLESS = {"401", "403"}


@pytest.fixture
def http(new_app: Callable[..., Application]) -> Iterator[httpx.Client]:
    """A service whose register has one decision."""
    sender = dict.fromkeys(("lender_name", "lender_address", "lender_contact"), "Example")
    http = opened(new_app(**sender))
    clients = http.get("/get_ids").json()["data"]
    scores = http.post("/score?reasons=0", json=[{"client": client} for client in clients]).json()
    client = next(score["client"] for score in scores if score["prediction"] == 0)
    decide(http, {"client": client})
    return http


def named(document: dict, part: dict) -> dict:
    """A part of the document, itself or by its name."""
    found = document
    for name in part.get("$ref", "#").split("/")[1:]:
        found = found[name]
    return found if "$ref" in part else part


def of_register(document: dict) -> Iterator[tuple[str, str, dict]]:
    """Method, path and operation of each route of the register."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation["tags"] == ["register"]:
                yield method, path, operation


def test_the_document_is_valid(http: httpx.Client):
    schemathesis.openapi.from_dict(http.get("/openapi.json").json()).validate()


def test_every_documented_example_works(http: httpx.Client):
    document = http.get("/openapi.json").json()
    tried = set()
    for method, path, operation in of_register(document):
        parameters = [named(document, part) for part in operation.get("parameters", [])]
        (place,) = [path.format(**{part["name"]: part["example"]}) for part in parameters
                    if part["in"] == "path"] or [path]  # fmt: skip
        assert not [part for part in parameters if part["required"] and part["in"] != "path"]
        content = named(document, operation.get("requestBody", {})).get("content", {})
        body = content.get("application/json", {})
        examples = [example["value"] for example in body.get("examples", {}).values()]
        success = "201" if method == "post" else "200"
        for example in examples or [body.get("example")]:
            answer = http.request(method, place, json=example)
            assert str(answer.status_code) == success, (path, answer.text)
            if example is not None and "$ref" not in str(body["schema"]):
                Draft202012Validator(body["schema"]).validate(example)
            described = operation["responses"][success]["content"]
            kind = answer.headers["Content-Type"].partition(";")[0]
            assert list(described) == [kind]
            if kind == "application/json":
                schema = described[kind]["schema"] | {"components": document["components"]}
                Draft202012Validator(schema).validate(answer.json())
            tried.add((method.upper(), path))
        assert operation["summary"]
        assert operation["description"]
        assert {success, "500", "503", *KEYLESS} <= operation["responses"].keys()
        may_be_unknown = "{id}" in path or (path, method) == ("/decisions", "post")
        assert ("404" in operation["responses"]) == may_be_unknown
    assert tried == {(route.method, route.path) for route in ROUTES}


def test_a_caller_who_may_not_score_sees_no_id(new_app: Callable[..., Application]):
    app = new_app(api_key="a key")
    http = opened(app)
    with client_of(app) as keyed_http:
        keyed_http.headers["X-API-Key"] = "a key"
        decide(keyed_http, {"client": 248124})
    latest = str(app.service.register.recorder.latest)
    for headers, is_shown in (({}, False), ({"X-API-Key": "a key"}, True)):
        document = http.get("/openapi.json", headers=headers)
        assert (latest in document.text) == is_shown
        parameter = document.json()["components"]["parameters"]["decision"]
        assert ("example" in parameter) == is_shown


def test_the_index_lists_the_routes(http: httpx.Client, open_app: Application):
    own = {f"{route.method} {route.path}": route.documentation["summary"] for route in ROUTES}
    without = client_of(open_app).get("/").json()["routes"]
    assert http.get("/").json()["routes"] == without | own
    assert not own.keys() & without.keys()


def test_each_route_has_a_role():
    needed = {route for routes in ROLES.values() for route in routes}
    assert {f"{route.method} {route.path}" for route in ROUTES} <= needed


def test_health_is_documented(http: httpx.Client):
    document = http.get("/openapi.json").json()
    described = document["components"]["schemas"]["Health"]
    health = http.get("/health").json()
    assert health["register"] == "ok"
    assert set(health) <= set(described["properties"])
    assert described["properties"]["register"]["enum"] == ["ok", "away"]
