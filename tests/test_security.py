"""Who may do what, what is never opened, and what is never told: to callers or in logs."""

import contextlib
import hmac
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from fastapi import WebSocket
from fastapi.testclient import TestClient
from pydantic import ValidationError
from resilience.folders import MODEL, canary, recognisable_clients, write_facts
from resilience.service import RESSOURCES, ROOT, Server, wait_for
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.websockets import WebSocketDisconnect

from credit_scoring.errors import BadFile
from credit_scoring.loading import load
from main import Service, Settings, create_app

KEYS = ["first key", "second-key", "third·clé"]
OPEN = {"/", "/health", "/docs", "/docs/assets", "/openapi.json"}


def service(**settings) -> Service:
    return create_app(Settings(ressources_dir=RESSOURCES, request_log=False, **settings))


@pytest.fixture(scope="module")
def guarded() -> Service:
    return service(api_key=",".join(KEYS) + ", ,")


@pytest.fixture(scope="module")
def unguarded() -> Service:
    return service()


def client_of(service: Service) -> TestClient:
    return TestClient(service, raise_server_exceptions=False)


def requests(service: Service) -> list[tuple[str, str, bytes]]:
    """A request that is answered with 200 for every route and method in the table of routes."""
    loaded = service.folder.current
    client_id, feature = loaded.scorer.client_ids[0], loaded.scorer.features[0]
    values = {
        "/get_kde": feature,
        **dict.fromkeys(["/get_test", "/get_json", "/get_shap"], client_id),
    }
    body = orjson.dumps(loaded.scorer.transformed_record(client_id))
    found = []
    for route in service.routes:
        if isinstance(route, Mount):
            found.append(("GET", f"{route.path}/swagger-ui.css", b""))
            continue
        assert isinstance(route, Route)
        query = f"?param_name={values[route.path]}" if route.path in values else ""
        for method in sorted(route.methods - {"HEAD"}):
            sent = body if route.path == "/prediction/" else b""
            found.append((method, route.path + query, sent))
    assert len(found) >= 14
    return found


def is_open(path: str) -> bool:
    return path.partition("?")[0] in OPEN or path.startswith("/docs/assets/")


# Keys


@pytest.mark.parametrize("given", [None, "", "wrong", "first key,second-key", "FIRST KEY", " "])
def test_without_a_right_key_only_open_routes_answer(guarded: Service, given: str | None):
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
def test_with_any_of_the_keys_all_routes_answer(guarded: Service, key: str):
    client = client_of(guarded)
    for method, path, body in requests(guarded):
        answer = client.request(method, path, content=body, headers={"X-API-Key": key.encode()})
        assert answer.status_code == 200, path


def test_without_keys_all_routes_answer(unguarded: Service):
    client = client_of(unguarded)
    for method, path, body in requests(unguarded):
        assert client.request(method, path, content=body).status_code == 200, path


def test_spellings_of_a_path_need_the_key_too(guarded: Service):
    client = client_of(guarded)
    host = "http://testserver"
    for path in ["//get_ids", "/get_ids/", "///get_ids//", "/prediction", "/./get_ids", "/GET_IDS"]:
        assert client.get(host + path).status_code == 401, path


def test_route_added_later_is_closed():
    """However it is added: the key is asked for before any route is looked for."""
    for key, status in [("", 200), (KEYS[0], 401)]:
        added = service(api_key=key)

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


def test_websocket_added_later_is_closed():
    for key in ["", KEYS[0]]:
        added = service(api_key=key)

        @added.websocket("/added")
        async def greet(socket: WebSocket) -> None:
            await socket.accept()
            await socket.send_text("told")
            await socket.close()

        with contextlib.ExitStack() as stack:
            if key:
                stack.enter_context(pytest.raises(WebSocketDisconnect))
            socket = stack.enter_context(client_of(added).websocket_connect("/added"))
            assert socket.receive_text() == "told"


def test_unknown_path_tells_nothing_without_a_key(guarded: Service):
    answer = client_of(guarded).get("/nowhere")
    assert answer.status_code == 401
    assert answer.json() == {"detail": "a valid key is needed in X-API-Key"}


@pytest.mark.parametrize("keys", [",", " ", " , ,", "\t"])
def test_keys_that_are_none_stop_the_start(keys: str):
    with pytest.raises(ValidationError, match="names no key"):
        Settings(api_key=keys)
    server = Server(workers=1, API_KEY=keys)
    server.start()
    try:
        assert server.process.wait(60) == 3
        lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
        assert [line["event"] for line in lines if line["level"] == "critical"] == [
            "settings: api_key: Value error, names no key"
        ]
        assert "Traceback" not in server.log()
    finally:
        server.stop()


def test_every_key_is_compared_in_constant_time(guarded: Service, monkeypatch):
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


def test_document_asks_for_the_key_only_where_one_is_set(guarded: Service, unguarded: Service):
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


def test_document_tells_names_only_with_a_key(guarded: Service, unguarded: Service):
    client, scorer = client_of(guarded), guarded.folder.current.scorer
    names = {*scorer.features, *scorer.names}
    for headers in ({}, {"X-API-Key": "wrong"}):
        answer = client.get("/openapi.json", headers=headers)
        assert answer.status_code == 200
        told = set(re.findall(r'"([^"]*)"', answer.text))
        examples = {"AMT_INCOME_TOTAL", "AMT_CREDIT", "OWN_CAR_AGE"}  # of answers, in the code
        assert not told & (names - examples)
        schemas = answer.json()["components"]["schemas"]
        assert schemas["RawRecord"] == schemas["TransformedRecord"] == {"type": "object"}
    for service, headers in ((guarded, {"X-API-Key": KEYS[1].encode()}), (unguarded, {})):
        document = client_of(service).get("/openapi.json", headers=headers).json()
        assert document == orjson.loads(orjson.dumps(service.openapi()))
        assert document["components"]["parameters"]["feature"]["schema"]["enum"] == [
            *scorer.features
        ]


def test_open_routes_tell_nothing_of_a_client_where_keys_are_set(guarded: Service):
    client = client_of(guarded)
    scorer = guarded.folder.current.scorer
    ids = {str(client_id) for client_id in scorer.client_ids}
    values = {repr(value) for value in scorer.transformed[0].tolist() if len(repr(value)) > 8}
    assert len(values) > 9
    for method, path, _ in requests(guarded):
        if is_open(path) and not path.startswith("/docs/"):
            numbers = set(
                re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", client.request(method, path).text)
            )
            assert not numbers & ids, path
            assert not numbers & values, path


# Pickles


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RESSOURCES, tmp_path / "ressources"))


def test_canary_sings_where_it_is_opened(copied: Path):
    """Else the tests below, which look for its file, would show nothing."""
    canary(copied)
    write_facts(copied)
    with pytest.raises(BadFile, match=r"^model.joblib: is not a scikit-learn Pipeline"):
        load(copied)
    assert (copied.parent / "sang").exists()


def test_model_with_another_hash_than_model_json_says_is_not_opened(copied: Path):
    canary(copied)
    with pytest.raises(BadFile, match=r"^model.joblib: its SHA-256 is [0-9a-f]{64}, expected "):
        load(copied)
    assert not (copied.parent / "sang").exists()


@pytest.mark.parametrize("facts", [True, False])
def test_model_with_another_hash_than_the_setting_is_not_opened(copied: Path, facts: bool):
    sha256 = load(copied).sha256[MODEL]
    canary(copied)
    write_facts(copied)
    if not facts:
        (copied / "model.json").unlink()
    with pytest.raises(BadFile, match=rf"(?i)^model.joblib: .* expected {sha256}$"):
        load(copied, sha256.upper())
    assert not (copied.parent / "sang").exists()


def test_server_does_not_start_with_another_model_than_the_setting_says(copied: Path):
    """Of a reload, test_operation.py shows the same."""
    sha256 = load(copied).sha256[MODEL]
    canary(copied)
    write_facts(copied)
    server = Server(copied, workers=1, MODEL_SHA256=sha256)
    server.start()
    try:
        assert server.process.wait(60) == 3
        lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
        (line,) = [line for line in lines if line["level"] == "critical"]
        assert line["event"].startswith("cannot start: model.joblib: its SHA-256 is ")
        assert line["event"].endswith(f", expected {sha256}")
        assert "Traceback" not in server.log()
    finally:
        server.stop()
    assert not (copied.parent / "sang").exists()


# What answers carry

SECURITY = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def check_headers(answer: httpx.Response, path: str) -> None:
    headers = answer.headers
    assert {name: headers.get_list(name) for name in SECURITY} == {
        name: [value] for name, value in SECURITY.items()
    }
    (policy,) = headers.get_list("Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert re.fullmatch("[0-9a-f]{32}", *headers.get_list("X-Request-ID"))
    if not path.startswith("/docs"):
        assert headers.get_list("Cache-Control") == ["no-store"], path
        assert policy == "default-src 'none'; frame-ancestors 'none'"


def test_headers_of_every_answer(guarded: Service):
    client = client_of(guarded)
    key = {"X-API-Key": KEYS[0]}
    for method, path, body in requests(guarded):
        check_headers(client.request(method, path, content=body, headers=key), path)
        check_headers(client.request(method, path, content=body), path)
        wrong = client.request("DELETE", path, headers=key)
        assert wrong.status_code == 405
        check_headers(wrong, path)
        if "param_name" in path:
            for query in ["", "?param_name=-1", "?param_name=%00"]:
                answer = client.get(path.partition("?")[0] + query, headers=key)
                assert answer.status_code in {404, 422}
                check_headers(answer, path)
    for path in ["/nowhere", "/docs/nowhere", "/docs/assets/nowhere", "/docsnowhere", "/%00"]:
        answer = client.get(path, headers=key)
        assert answer.status_code == 404
        check_headers(answer, path)
        answer = client.get(path)
        assert answer.status_code == (404 if is_open(path) else 401)
        check_headers(answer, path)
    answer = client.post("/prediction/", content=bytes(1_000_001), headers=key)
    assert answer.status_code == 413
    check_headers(answer, "/prediction/")


def test_headers_of_a_fault(monkeypatch):
    """Every route that reads what was loaded fails; nothing of the fault is sent."""
    faulty = service()
    asked = [(method, path, body) for method, path, body in requests(faulty)]
    monkeypatch.setattr(faulty.folder, "current", "nothing of use")
    statuses = []
    for method, path, body in asked:
        answer = client_of(faulty).request(method, path, content=body)
        statuses.append(answer.status_code)
        check_headers(answer, path)
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()) == (
                500,
                {"detail": "Internal Server Error"},
            )
    assert statuses.count(500) >= 10


def test_docs_allow_only_what_they_are_made_of(unguarded: Service):
    answer = client_of(unguarded).get("/docs")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert re.fullmatch(r"'self' 'sha256-[A-Za-z0-9+/]{43}='", policy["script-src"])
    assert policy["connect-src"] == "'self'"
    assert "http" not in answer.headers["Content-Security-Policy"]
    assert not re.findall(r"""(?:src|href)="(?!/docs/assets/)""", answer.text)


# What is never told

FIRST_ID = 7_000_000_000_001
PERSON = "Grete-Tugendhat"
VALUE = 918273.64554637281
KEY = "key-of-the-bank"


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("private") / "ressources"
    recognisable_clients(RESSOURCES, folder, FIRST_ID)
    with Server(folder, workers=1, API_KEY=KEY) as server:
        yield server


def test_log_has_no_id_value_body_or_key(private: Server):
    statuses = set()
    headers = {"X-API-Key": KEY}
    with httpx.Client(base_url=private.url, headers=headers, timeout=120) as http:

        def ask(method: str, path: str, **options) -> httpx.Response:
            answer = http.request(method, path, **options)
            statuses.add(answer.status_code)
            return answer

        client_id = {"param_name": FIRST_ID}
        text = ask("GET", "/get_json", params=client_id).json()["data"]
        record = json.loads(text)
        name = next(iter(record))
        for path in ["/get_test", "/get_shap", "/get_json"]:
            ask("GET", path, params=client_id)
            ask("GET", path, params={"param_name": PERSON})
            ask("GET", path, params={"param_name": FIRST_ID + 10**9})
            ask("GET", path, params=client_id, headers={"X-API-Key": PERSON})
        ask("GET", "/get_kde", params={"param_name": PERSON})
        for body in [
            text,
            json.dumps(record | {name: VALUE}),
            json.dumps(record | {name: PERSON}),
            json.dumps(record | {PERSON: VALUE}),
            json.dumps({PERSON: VALUE}),
            json.dumps([VALUE]),
            json.dumps(PERSON),
            f'{{"{PERSON}": NaN',
            f'{{"{name}": {VALUE}, "{name}": {VALUE}}}',
            text.ljust(1_000_001),
        ]:
            ask("POST", "/prediction/", content=body)
            ask("GET", "/prediction", content=body)
        ask("PUT", f"/prediction/{PERSON}", content=text)
        ask("DELETE", "/get_ids", content=text)
        ask("GET", f"/{PERSON}?{PERSON}={FIRST_ID}", headers={"X-Request-ID": f"{PERSON}!"})
        ask("GET", "/get_ids", headers={PERSON: PERSON, "Cookie": PERSON, "User-Agent": PERSON})
    for line in [f"GET /{PERSON}\xff", f"{PERSON} / HTTP/1.1", f"POST / HTTP/1.1\r\n{PERSON}"]:
        assert private.raw(f"{line}\r\n\r\n".encode("latin-1")).status == 400
    assert statuses == {200, 401, 404, 405, 413, 422}
    wait_for(lambda: len(private.requests()) >= 35)
    log = private.log()
    assert not re.search(r"70000000\d{5}", log)
    for told in [PERSON, str(VALUE), KEY, "918273", name]:
        assert told not in log, told
    for value in set(record.values()) - {0, 1}:
        assert repr(value) not in log or len(repr(value)) < 8


def test_fault_is_logged_as_one_line_without_its_variables():
    code = f"""
import main
def fail(client={PERSON!r}):
    raise LookupError("why")
try:
    fail()
except LookupError as error:
    main.log.critical("what", exc_info=error)
"""
    environment = os.environ | {"RESSOURCES_DIR": str(RESSOURCES)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    line = json.loads(done.stderr.splitlines()[-1])
    assert (line["event"], line["level"]) == ("what", "critical")
    assert line["exception"].startswith("Traceback (most recent call last):")
    assert line["exception"].endswith("LookupError: why")
    assert PERSON not in done.stderr


def test_error_has_no_value(private: Server):
    headers = {"X-API-Key": KEY}
    text = httpx.get(
        f"{private.url}/get_json", params={"param_name": FIRST_ID}, headers=headers
    ).json()["data"]
    record = json.loads(text)
    name, other, *_ = record
    right = f'"{name}":{json.dumps(record[name])}'
    assert right in text
    for wrong in [
        f'"{name}":"{PERSON}"',
        f'"{name}":["{PERSON}"]',
        f'"{name}":{{"{PERSON}":{VALUE}}}',
        f'"{name}":{VALUE},"{name}":{VALUE}',
        f'"{name}":{VALUE}e999',
        f'"{name}":{VALUE},"another":{VALUE}',
        f'"{name}":"{PERSON}',
        f'"{name}":{PERSON}',
        f'"{name}":{VALUE}.{VALUE}',
        f'"another":{VALUE}',
    ]:
        body = text.replace(right, wrong, 1)
        answer = httpx.post(f"{private.url}/prediction/", content=body, headers=headers)
        assert answer.status_code == 422
        for told in [PERSON, str(VALUE), "918273", repr(record[other]), str(FIRST_ID)]:
            assert len(told) < 5 or told not in answer.text, wrong


def test_server_tells_no_version(private: Server):
    for path in ["/", "/health", "/docs", "/nowhere", "/get_ids"]:
        answer = httpx.get(private.url + path)
        told = {name: value for name, value in answer.headers.items() if name != "date"}
        assert answer.headers["Server"] == "uvicorn"
        assert "X-Powered-By" not in told
        versions = ["python", "gunicorn/", "uvicorn/", "starlette", "fastapi"]
        assert not [word for word in versions if word in str(told).lower()]
    assert private.raw(b"nonsense\r\n\r\n").headers["server"] == "uvicorn"
