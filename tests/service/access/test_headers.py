"""Headers of every answer: security, caching and the request id."""

import base64
import hashlib
import re

import httpx
import pytest

from main import Application
from tests.support.servers.application import KEYS, is_open, requests
from tests.support.servers.inprocess import client_of

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


KEY_HEADER = {"X-API-Key": KEYS[0]}


def test_answers_of_every_route_have_the_headers(keyed_app: Application):
    client = client_of(keyed_app)
    for method, path, body in requests(keyed_app):
        check_headers(client.request(method, path, content=body, headers=KEY_HEADER), path)


def test_answers_without_a_key_have_the_headers(keyed_app: Application):
    client = client_of(keyed_app)
    for method, path, body in requests(keyed_app):
        check_headers(client.request(method, path, content=body), path)


def test_refusals_of_a_method_have_the_headers(keyed_app: Application):
    client = client_of(keyed_app)
    for _, path, _ in requests(keyed_app):
        answer = client.request("DELETE", path, headers=KEY_HEADER)
        assert answer.status_code == 405
        check_headers(answer, path)


@pytest.mark.parametrize("query", ["", "?param_name=-1", "?param_name=%00"])
def test_refusals_of_a_parameter_have_the_headers(keyed_app: Application, query: str):
    client = client_of(keyed_app)
    paths = [path for _, path, _ in requests(keyed_app) if "param_name" in path]
    assert len(paths) == 4
    for path in paths:
        answer = client.get(path.partition("?")[0] + query, headers=KEY_HEADER)
        assert answer.status_code in {404, 422}
        check_headers(answer, path)


@pytest.mark.parametrize(
    "path", ["/nowhere", "/docs/nowhere", "/docs/assets/nowhere", "/docsnowhere", "/%00"]
)
def test_refusals_of_an_unknown_path_have_the_headers(keyed_app: Application, path: str):
    client = client_of(keyed_app)
    answer = client.get(path, headers=KEY_HEADER)
    assert answer.status_code == 404
    check_headers(answer, path)
    answer = client.get(path)
    assert answer.status_code == (404 if is_open(path) else 401)
    check_headers(answer, path)


def test_the_refusal_of_a_large_body_has_the_headers(keyed_app: Application):
    client = client_of(keyed_app)
    answer = client.post("/prediction/", content=bytes(1_000_001), headers=KEY_HEADER)
    assert answer.status_code == 413
    check_headers(answer, "/prediction/")


def test_answers_of_a_fault_have_the_headers(
    open_app: Application, monkeypatch: pytest.MonkeyPatch
):
    """Every route that reads the bundle fails, and sends nothing of the fault."""
    sent = requests(open_app)
    monkeypatch.setattr(open_app.service.folder, "current", "not a bundle")
    statuses = []
    for method, path, body in sent:
        answer = client_of(open_app).request(method, path, content=body)
        statuses.append(answer.status_code)
        check_headers(answer, path)
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()) == (
                500,
                {"detail": "Internal Server Error"},
            )
    assert statuses.count(500) >= 10


def test_docs_allow_only_what_they_are_made_of(open_app: Application):
    answer = client_of(open_app).get("/docs")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert "http" not in answer.headers["Content-Security-Policy"]
    script = answer.text.partition("<script>")[2].partition("</script>")[0]
    sha256 = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy["script-src"] == f"'self' 'sha256-{sha256}'"
    assert answer.text.count("<script") == 1
    assert len(re.findall(r"(?:src|href): `\$\{root\}/docs/assets/", script)) == 3
    assert len(re.findall(r"(?:src|href)\b", answer.text)) == 3
