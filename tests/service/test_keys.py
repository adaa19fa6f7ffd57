"""Who may ask what where keys are set."""

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
from tests.support.application import KEYS, OPEN, is_open, requests, service
from tests.support.inprocess import client_of


@pytest.mark.parametrize("given", [None, "", "wrong", "first key,second-key", "FIRST KEY", " "])
def test_without_a_right_key_only_open_routes_answer(guarded: Application, given: str | None):
    client = client_of(guarded)
    headers = {} if given is None else {"X-API-Key": given}
    opened = set()
    for method, path, body in requests(guarded):
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
def test_with_any_of_the_keys_all_routes_answer(guarded: Application, key: str):
    client = client_of(guarded)
    for method, path, body in requests(guarded):
        answer = client.request(method, path, content=body, headers={"X-API-Key": key.encode()})
        assert answer.status_code == 200, path


def test_without_keys_all_routes_answer(unguarded: Application):
    client = client_of(unguarded)
    for method, path, body in requests(unguarded):
        assert client.request(method, path, content=body).status_code == 200, path


def test_spellings_of_a_path_need_the_key_too(guarded: Application):
    client = client_of(guarded)
    host = "http://testserver"
    for path in ["//get_ids", "/get_ids/", "///get_ids//", "/prediction", "/./get_ids", "/GET_IDS"]:
        assert client.get(host + path).status_code == 401, path


def test_route_added_later_is_closed(sound: Path):
    """However it is added: the key is asked for before any route is looked for."""
    for key, status in [("", 200), (KEYS[0], 401)]:
        added = service(ressources_dir=sound, api_key=key)

        @added.get("/added")
        def of_fastapi() -> str:
            return "told"

        added.add_route("/plain", lambda _: PlainTextResponse("told"))
        added.mount("/mounted", PlainTextResponse("told"))
        for path in ["/added", "/plain", "/mounted/below"]:
            assert client_of(added).get(path).status_code == status, path
            right = client_of(added).get(path, headers={"X-API-Key": KEYS[0]})
            assert right.status_code == 200
            assert "told" in right.text


def test_websocket_added_later_is_closed(sound: Path):
    for key in ["", KEYS[0]]:
        added = service(ressources_dir=sound, api_key=key)

        @added.websocket("/added")
        async def greet(socket: WebSocket) -> None:
            await socket.accept()
            await socket.send_text("told")
            await socket.close()

        with contextlib.ExitStack() as stack:
            if key:
                stack.enter_context(pytest.raises(WebSocketDisconnect))
            socket = stack.enter_context(TestClient(added).websocket_connect("/added"))
            assert socket.receive_text() == "told"


def test_unknown_path_tells_nothing_without_a_key(guarded: Application):
    answer = client_of(guarded).get("/nowhere")
    assert answer.status_code == 401
    assert answer.json() == {"detail": "a valid key is needed in X-API-Key"}


@pytest.mark.parametrize("keys", [",", " ", " , ,", "\t"])
def test_keys_that_are_none_are_refused(keys: str):
    with pytest.raises(ValidationError, match="names no key"):
        Settings(api_key=keys)


def test_every_key_is_compared_in_constant_time(guarded: Application, monkeypatch):
    compared = []
    compare_digest = hmac.compare_digest

    def compare(given: bytes, key: bytes) -> bool:
        compared.append((given, key))
        return compare_digest(given, key)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for given in ["first key", "wrong"]:
        compared.clear()
        client_of(guarded).get("/get_ids", headers={"X-API-Key": given})
        assert compared == [(given.encode(), key.encode()) for key in KEYS]


def test_document_asks_for_the_key_only_where_one_is_set(
    guarded: Application, unguarded: Application
):
    document = guarded.openapi()
    scheme = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    assert document["components"]["securitySchemes"] == {"key": scheme}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            expected = None if path in OPEN else [{"key": []}]
            assert operation.get("security") == expected, path
    document = unguarded.openapi()
    assert "securitySchemes" not in document["components"]
    assert "security" not in json.dumps(document["paths"])


def test_document_tells_names_only_with_a_key(guarded: Application, unguarded: Application):
    client, bundle = client_of(guarded), guarded.service.folder.current.bundle
    names = {*bundle.features, *bundle.names}
    for headers in ({}, {"X-API-Key": "wrong"}):
        answer = client.get("/openapi.json", headers=headers)
        assert answer.status_code == 200
        told = set(re.findall(r'"([^"]*)"', answer.text))
        examples = {
            "AMT_INCOME_TOTAL",
            "AMT_CREDIT",
            "OWN_CAR_AGE",
            "EXT_SOURCE_2",
        }  # of answers, in the code
        assert not told & (names - examples)
        schemas = answer.json()["components"]["schemas"]
        assert schemas["RawRecord"] == schemas["TransformedRecord"] == {"type": "object"}
    for asked, headers in ((guarded, {"X-API-Key": KEYS[1].encode()}), (unguarded, {})):
        document = client_of(asked).get("/openapi.json", headers=headers).json()
        assert document == orjson.loads(orjson.dumps(asked.openapi()))
        assert document["components"]["parameters"]["feature"]["schema"]["enum"] == [
            *bundle.features
        ]


def test_open_routes_tell_nothing_of_a_client_where_keys_are_set(guarded: Application):
    client = client_of(guarded)
    bundle = guarded.service.folder.current.bundle
    ids = {str(client_id) for client_id in bundle.client_ids}
    values = {repr(value) for value in bundle.transformed[0].tolist() if len(repr(value)) > 8}
    assert len(values) > 9
    for method, path, _ in requests(guarded):
        if is_open(path) and not path.startswith("/docs/"):
            numbers = set(
                re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", client.request(method, path).text)
            )
            assert not numbers & ids, path
            assert not numbers & values, path
