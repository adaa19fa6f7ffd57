"""Access by key: the routes that need one, and the answers without it."""

import contextlib
import hmac
import json
import re
from pathlib import Path

import orjson
import pytest
from fastapi import WebSocket
from fastapi.testclient import TestClient
from pydantic import ValidationError
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocketDisconnect

from main import Application
from service.settings import Settings
from tests.support.servers.application import KEYS, OPEN, application, is_open, requests
from tests.support.servers.inprocess import client_of


@pytest.mark.parametrize("given", [None, "", "wrong", "first key,second-key", "FIRST KEY", " "])
def test_without_a_right_key_only_open_routes_answer(keyed_app: Application, given: str | None):
    client = client_of(keyed_app)
    headers = {} if given is None else {"X-API-Key": given}
    opened = set()
    for method, path, body in requests(keyed_app):
        answer = client.request(method, path, content=body, headers=headers)
        if is_open(path):
            assert answer.status_code == 200, path
            opened.add(path)
        else:
            assert answer.status_code == 401, path
            assert answer.json() == {"detail": "a valid key is needed in X-API-Key"}
            assert answer.headers["WWW-Authenticate"] == "APIKey"
    assert len(opened) == len(OPEN)


@pytest.mark.parametrize("key", KEYS)
def test_with_any_of_the_keys_all_routes_answer(keyed_app: Application, key: str):
    client = client_of(keyed_app)
    for method, path, body in requests(keyed_app):
        answer = client.request(method, path, content=body, headers={"X-API-Key": key.encode()})
        assert answer.status_code == 200, path


def test_without_keys_all_routes_answer(open_app: Application):
    client = client_of(open_app)
    for method, path, body in requests(open_app):
        assert client.request(method, path, content=body).status_code == 200, path


def test_spellings_of_a_path_need_the_key_too(keyed_app: Application):
    client = client_of(keyed_app)
    host = "http://testserver"
    for path in ["//get_ids", "/get_ids/", "///get_ids//", "/prediction", "/./get_ids", "/GET_IDS"]:
        assert client.get(host + path).status_code == 401, path


def test_a_route_that_is_added_later_needs_the_key(small_bundle_folder: Path):
    """The key is checked before a route is looked for, so it does not matter how one is added."""
    for key, status in [("", 200), (KEYS[0], 401)]:
        app = application(ressources_dir=small_bundle_folder, api_key=key)

        @app.get("/added")
        def of_fastapi() -> str:
            return "told"

        app.add_route("/plain", lambda _: PlainTextResponse("told"))
        app.mount("/mounted", PlainTextResponse("told"))
        for path in ["/added", "/plain", "/mounted/below"]:
            assert client_of(app).get(path).status_code == status, path
            right = client_of(app).get(path, headers={"X-API-Key": KEYS[0]})
            assert right.status_code == 200
            assert "told" in right.text


def test_a_websocket_that_is_added_later_needs_the_key(small_bundle_folder: Path):
    for key in ["", KEYS[0]]:
        app = application(ressources_dir=small_bundle_folder, api_key=key)

        @app.websocket("/added")
        async def greet(socket: WebSocket) -> None:
            await socket.accept()
            await socket.send_text("told")
            await socket.close()

        with contextlib.ExitStack() as stack:
            if key:
                stack.enter_context(pytest.raises(WebSocketDisconnect))
            socket = stack.enter_context(TestClient(app).websocket_connect("/added"))
            assert socket.receive_text() == "told"


def test_unknown_path_tells_nothing_without_a_key(keyed_app: Application):
    answer = client_of(keyed_app).get("/nowhere")
    assert answer.status_code == 401
    assert answer.json() == {"detail": "a valid key is needed in X-API-Key"}


@pytest.mark.parametrize("keys", [",", " ", " , ,", "\t"])
def test_a_list_of_blank_keys_is_refused(keys: str):
    with pytest.raises(ValidationError, match="names no key"):
        Settings(api_key=keys)


def test_every_key_is_compared_in_constant_time(keyed_app: Application, monkeypatch):
    compared = []
    compare_digest = hmac.compare_digest

    def compare(given: bytes, key: bytes) -> bool:
        compared.append((given, key))
        return compare_digest(given, key)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for given in ["first key", "wrong"]:
        compared.clear()
        client_of(keyed_app).get("/get_ids", headers={"X-API-Key": given})
        assert compared == [(given.encode(), key.encode()) for key in KEYS]


def test_the_document_of_an_application_with_keys_asks_for_one(keyed_app: Application):
    document = keyed_app.openapi()
    scheme = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    assert document["components"]["securitySchemes"] == {"key": scheme}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            expected = None if path in OPEN else [{"key": []}]
            assert operation.get("security") == expected, path


def test_the_document_of_an_application_without_keys_asks_for_none(open_app: Application):
    document = open_app.openapi()
    assert "securitySchemes" not in document["components"]
    assert "security" not in json.dumps(document["paths"])


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}], ids=["no key", "a wrong key"])
def test_the_document_has_no_names_of_features_without_a_right_key(
    keyed_app: Application, headers: dict[str, str]
):
    bundle = keyed_app.service.folder.current.bundle
    answer = client_of(keyed_app).get("/openapi.json", headers=headers)
    assert answer.status_code == 200
    told = set(re.findall(r'"([^"]*)"', answer.text))
    # The code has examples of answers.
    examples = {"AMT_INCOME_TOTAL", "AMT_CREDIT", "OWN_CAR_AGE", "EXT_SOURCE_2"}
    assert not told & ({*bundle.features, *bundle.names} - examples)
    schemas = answer.json()["components"]["schemas"]
    assert schemas["RawRecord"] == schemas["TransformedRecord"] == {"type": "object"}


@pytest.mark.parametrize(
    ("app_fixture", "headers"),
    [("keyed_app", {"X-API-Key": KEYS[1].encode()}), ("open_app", {})],
    ids=["a right key", "no key needed"],
)
def test_the_document_has_all_names_for_those_who_may_ask(
    request: pytest.FixtureRequest, app_fixture: str, headers: dict[str, bytes]
):
    app: Application = request.getfixturevalue(app_fixture)
    document = client_of(app).get("/openapi.json", headers=headers).json()
    assert document == orjson.loads(orjson.dumps(app.openapi()))
    features = app.service.folder.current.bundle.features
    assert document["components"]["parameters"]["feature"]["schema"]["enum"] == [*features]


def test_open_routes_have_no_ids_or_values_of_clients(keyed_app: Application):
    client = client_of(keyed_app)
    bundle = keyed_app.service.folder.current.bundle
    ids = {str(client_id) for client_id in bundle.client_ids}
    values = {repr(value) for value in bundle.transformed[0].tolist() if len(repr(value)) > 8}
    assert len(values) > 9
    for method, path, _ in requests(keyed_app):
        if is_open(path) and not path.startswith("/docs/"):
            numbers = set(
                re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", client.request(method, path).text)
            )
            assert not numbers & ids, path
            assert not numbers & values, path
