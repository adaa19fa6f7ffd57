"""Bad input to a real server: each answer is a small 4xx in JSON, and the server stays the same."""

import contextlib
import copy
import gzip
import json
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from main import app
from tests.service.limits.hostile_requests import (
    any_bodies,
    bodies,
    client_queries,
    feature_queries,
    is_acceptable,
    is_refusal,
)
from tests.support.servers.server import MB, Server, wait_for

LARGE = 50 << 20
NO_HTTP = {"detail": "this is no HTTP/1.1 request"}
TOO_LARGE = {"detail": "a request has at most 100 headers, of 65536 bytes with its path"}
MORE_MEMORY = 60 * MB  # of both workers together, whatever was sent
BODIES = list(bodies({"first": 1.0, "second": 1.0}))
CLIENT_ROUTES = ["/get_shap", "/get_test", "/get_json"]
CLIENT_QUERIES = list(client_queries("", 1))
FEATURE_QUERIES = list(feature_queries(1))


@pytest.fixture(scope="module", autouse=True)
def worker_watch(server: Server) -> Iterator[None]:
    """At the end the same workers run, without a fault or more memory."""
    pids, memory = server.pids(), server.memory().now
    logged, requests_before = len(server.log()), len(server.requests())
    yield
    assert server.pids() == pids
    server.ask("/health")
    wait_for(lambda: len(server.requests()) > requests_before)  # else the log has nothing to check
    assert [line for line in server.requests()[requests_before:] if line["status"] >= 500] == []
    assert "Traceback" not in server.log()[logged:]
    assert server.memory().now < memory + MORE_MEMORY


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=120, verify=False) as http:
        yield http


@pytest.fixture(scope="module")
def facts(http: httpx.Client) -> SimpleNamespace:
    """Facts of the served bundle that a caller can learn."""
    ids = http.get("/get_ids").json()["data"]
    text = http.get("/get_json", params={"param_name": ids[0]}).json()["data"]
    document = http.get("/openapi.json").json()
    properties = document["components"]["schemas"]["TransformedRecord"]["properties"]
    return SimpleNamespace(
        clients=len(ids),
        client_id=ids[0],
        features=len(http.get("/get_feat").json()["data"]),
        record=json.loads(text),
        body=text.encode(),
        bodies=bodies(json.loads(text)),
        nullable=frozenset(name for name in properties if "null" in properties[name]["type"]),
    )


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_refused(http: httpx.Client, facts: SimpleNamespace, name: str):
    body, detail = facts.bodies[name]
    for method in ("GET", "POST"):
        answer = http.request(method, "/prediction/", content=body)
        assert (answer.status_code, answer.json()) == (422, {"detail": detail})
        assert is_refusal(answer.status_code, answer.headers["Content-Type"], answer.content)


@pytest.mark.parametrize("path", CLIENT_ROUTES)
@pytest.mark.parametrize("name", CLIENT_QUERIES)
def test_a_bad_id_of_a_client_is_refused(
    http: httpx.Client, facts: SimpleNamespace, path: str, name: str
):
    query, status, detail = client_queries(path, facts.clients)[name]
    answer = http.get(path + query)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


@pytest.mark.parametrize("name", FEATURE_QUERIES)
def test_a_bad_name_of_a_feature_is_refused(http: httpx.Client, facts: SimpleNamespace, name: str):
    query, status, detail = feature_queries(facts.features)[name]
    answer = http.get("/get_kde" + query)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/nowhere", "/nowhere"),
        ("/get_ids/1", "/get_ids/1"),
        ("/%00", "/\0"),
        ("/%ED%A0%80", "/\ufffd\ufffd\ufffd"),
        ("/" + "x" * 10_000, "/" + "x" * 99 + "…"),
        ("/docs/assets/..%2f..%2fmain.py", "/docs/assets/../../main.py"),
        ("/docs/assets/%00", "/docs/assets/\0"),
    ],
)
def test_an_unknown_path_is_404(http: httpx.Client, path: str, shown: str):
    answer = http.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"detail": f"no route {shown}: / lists the routes"}


@pytest.mark.parametrize("content_type", ["", "text/xml", "multipart/form-data", "a/b;" * 999])
def test_any_content_type_is_read_as_json(
    http: httpx.Client, facts: SimpleNamespace, content_type: str
):
    headers = {"Content-Type": content_type}
    right = http.post("/prediction/", content=facts.body).json()
    assert http.post("/prediction/", content=facts.body, headers=headers).json() == right
    assert http.post("/prediction/", content=b"a=b", headers=headers).status_code == 422


# Bytes that a well-behaved client would not send


def post(facts: SimpleNamespace, headers: str, body: bytes) -> bytes:
    head = f"POST /prediction/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n\r\n"
    return head.encode() + body


def test_gzip_is_not_unpacked(server: Server, facts: SimpleNamespace):
    body = gzip.compress(facts.body)
    headers = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}"
    answer = server.raw(post(facts, headers, body))
    assert answer.status == 422
    assert answer.json()["detail"].startswith("not JSON: ")


def test_a_body_in_chunks_of_one_byte_is_scored(server: Server, facts: SimpleNamespace):
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in facts.body)
    answer = server.raw(post(facts, "Transfer-Encoding: chunked", chunks + b"0\r\n\r\n"))
    length = f"Content-Length: {len(facts.body)}"
    assert answer.status == 200
    assert answer.json() == server.raw(post(facts, length, facts.body)).json()


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: -1",
        "Content-Length: 1e3",
        "Content-Length: " + "9" * 5000,
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: nonsense",
        "no colon",
        "Name\0: value",
    ],
    ids=lambda headers: headers[:40],
)
def test_a_bad_header_ends_in_400(server: Server, facts: SimpleNamespace, headers: str):
    answer = server.raw(post(facts, headers, b"{}"))
    assert (answer.status, answer.json()) == (400, NO_HTTP)
    assert is_refusal(answer.status, answer.headers["content-type"], answer.body)


@pytest.mark.parametrize(
    "line",
    [
        b"GET /get_shap?\xff HTTP/1.1",
        b"NONSENSE /get_ids HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
    ],
    ids=lambda line: line[:20].decode("latin-1"),
)
def test_a_bad_request_line_ends_in_400(server: Server, line: bytes):
    answer = server.raw(line + b"\r\nHost: a\r\n\r\n")
    assert (answer.status, answer.json()) == (400, NO_HTTP)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /get_ids HTTP/1.1\r\n" + b"a:\r\n" * 101 + b"\r\n",
        b"GET /get_ids HTTP/1.1\r\na: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=["path", "headers", "header"],
)
def test_a_head_beyond_its_bounds_ends_in_431(server: Server, head: bytes):
    answer = server.raw(head)
    assert (answer.status, answer.json()) == (431, TOO_LARGE)
    assert is_refusal(answer.status, answer.headers["content-type"], answer.body)


def test_headers_without_end_take_no_memory(server: Server):
    largest = server.memory().peak
    for _ in range(4):
        with (
            socket.create_connection(("127.0.0.1", server.port), 30) as connection,
            contextlib.suppress(ConnectionError),
        ):
            connection.sendall(b"GET / HTTP/1.1\r\n" + b"a:\r\n" * (LARGE // 10))
    assert server.memory().peak < largest + 20 * MB


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "x" * 10_000, "", "a:99999999"])
def test_any_host_is_accepted(server: Server, host: str):
    head = f"GET /nowhere HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    answer = server.raw(head.encode())
    assert answer.status == 404
    assert answer.json() == {"detail": "no route /nowhere: / lists the routes"}


def test_bodies_that_are_cut_short_do_no_harm(
    server: Server, http: httpx.Client, facts: SimpleNamespace
):
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(post(facts, f"Content-Length: {len(facts.body)}", facts.body[:99]))
    assert http.get("/health").status_code == 200


# More than is accepted


def test_a_large_body_with_its_length_is_refused(server: Server, http: httpx.Client):
    largest = server.memory().peak
    answer = http.post(
        "/prediction/",
        headers={"Content-Length": str(LARGE)},
        content=(bytes(1 << 20) for _ in range(50)),
    )
    assert answer.status_code == 413
    assert answer.json() == {"detail": "the body is larger than the 1000000 bytes accepted"}
    assert server.memory().peak < largest + 20 * MB


def test_a_large_body_in_chunks_is_refused(server: Server, http: httpx.Client):
    largest = server.memory().peak
    answer = http.post("/prediction/", content=(bytes(1 << 20) for _ in range(50)))
    assert answer.request.headers["Transfer-Encoding"] == "chunked"
    assert answer.status_code == 413
    assert answer.json() == {"detail": "the body is larger than the 1000000 bytes accepted"}
    assert server.memory().peak < largest + 20 * MB


def test_a_large_body_is_refused_before_it_is_sent(server: Server, facts: SimpleNamespace):
    """With this header curl waits for permission to send the body."""
    answer = server.raw(post(facts, f"Content-Length: {LARGE}\r\nExpect: 100-continue", b""))
    assert answer.status == 413
    assert answer.json() == {"detail": "the body is larger than the 1000000 bytes accepted"}


def test_a_large_body_of_a_get_is_not_read(http: httpx.Client, facts: SimpleNamespace):
    answer = http.request("GET", "/get_ids", content=bytes(LARGE))
    assert answer.status_code == 200
    assert len(answer.json()["data"]) == facts.clients


def test_the_largest_body_is_accepted_and_a_byte_more_is_not(
    http: httpx.Client, facts: SimpleNamespace
):
    assert http.post("/prediction/", content=facts.body.ljust(1_000_000)).status_code == 200
    assert http.post("/prediction/", content=facts.body.ljust(1_000_001)).status_code == 413


# Generated input: ten thousand of each by experiments/service/bad_input.py

TEXTS = st.text(st.characters()).map(lambda text: text.encode("utf-8", "surrogatepass"))
generated = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@generated
@given(data=st.data())
def test_a_generated_body_is_scored_or_refused(
    http: httpx.Client, facts: SimpleNamespace, data: st.DataObject
):
    body = data.draw(any_bodies(facts.record))
    answer = http.post("/prediction/", content=body)
    if is_acceptable(body, facts.record, facts.nullable):
        assert answer.status_code == 200
    else:
        assert is_refusal(answer.status_code, answer.headers["Content-Type"], answer.content)


@generated
@given(path=st.sampled_from([*CLIENT_ROUTES, "/get_kde"]), value=TEXTS | st.binary())
def test_a_generated_query_is_refused(http: httpx.Client, path: str, value: bytes):
    answer = http.get(f"{path}?param_name={quote(value)}")
    assert is_refusal(answer.status_code, answer.headers["Content-Type"], answer.content)


# The OpenAPI document, tried

DOCUMENT = app.openapi()


def of_few_features(document: dict[str, Any]) -> dict[str, Any]:
    """The document with a tenth of the features, as all are described alike."""
    few = copy.deepcopy(document)
    for name in ("feature", "desk_feature"):
        schema = few["components"]["parameters"][name]["schema"]
        schema["enum"] = schema["enum"][::10]
    record = few["components"]["schemas"]["TransformedRecord"]
    record["required"] = record["required"][::10]
    record["properties"] = {name: record["properties"][name] for name in record["required"]}
    sent = few["components"]["requestBodies"]["record"]["content"]["application/json"]
    sent["example"] = {name: sent["example"][name] for name in record["required"]}
    return few


# Parameters that no route has are ignored, so they are not tried.
CONFIG = {"seed": 0, "generation": {"allow-extra-parameters": False}}
described = schemathesis.openapi.from_dict(
    of_few_features(DOCUMENT), config=SchemathesisConfig.from_dict(CONFIG)
)


@pytest.fixture(scope="module")
def other_values(facts: SimpleNamespace) -> dict[str, float]:
    """Values of a client for the features that `of_few_features` leaves out."""
    tried = of_few_features(DOCUMENT)["components"]["schemas"]["TransformedRecord"]["properties"]
    return {name: value for name, value in facts.record.items() if name not in tried}


def test_features_are_described_alike():
    """Therefore a few features are tried for all of them."""
    record = DOCUMENT["components"]["schemas"]["TransformedRecord"]
    assert list(record["properties"]) == record["required"]
    assert all(kind == {"type": "number"} for kind in record["properties"].values())


def test_predictions_are_described_alike_for_both_methods():
    """Therefore only POST is tried, at the ends of each of the many values."""
    get, post = (DOCUMENT["paths"]["/prediction/"][method] for method in ("get", "post"))
    assert get["responses"] == post["responses"]
    assert get["requestBody"] == post["requestBody"]


@described.exclude(method="GET", path="/prediction/").parametrize()
@settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_generated_requests_have_the_described_answers(
    server: Server, other_values: dict[str, float], case: schemathesis.Case
):
    # A raw record has more to it than the schema of an application says: its features, and that
    # what follows from numbers near the largest double is out of range.
    takes_record = case.method == "POST" and case.path in (
        "/score",
        "/sensitivity",
        "/alternatives",
        "/combinations",
    )
    excluded = [positive_data_acceptance] if takes_record else []
    is_record = case.path == "/prediction/" and isinstance(case.body, dict)
    sent = {"json": other_values | case.body} if is_record else {}
    case.call_and_validate(base_url=server.url, excluded_checks=excluded, **sent)
