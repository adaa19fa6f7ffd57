"""What every answer carries."""

import base64
import hashlib
import re

import httpx
import pytest

from main import Application
from tests.support.application import KEYS, is_open, requests
from tests.support.inprocess import client_of

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


def test_headers_of_every_answer(guarded: Application):
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


def test_headers_of_a_fault(unguarded: Application, monkeypatch: pytest.MonkeyPatch):
    """Every route that reads what was loaded fails; nothing of the fault is sent."""
    asked = requests(unguarded)
    monkeypatch.setattr(unguarded.service.folder, "current", "nothing of use")
    statuses = []
    for method, path, body in asked:
        answer = client_of(unguarded).request(method, path, content=body)
        statuses.append(answer.status_code)
        check_headers(answer, path)
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()) == (
                500,
                {"detail": "Internal Server Error"},
            )
    assert statuses.count(500) >= 10


def test_docs_allow_only_what_they_are_made_of(unguarded: Application):
    answer = client_of(unguarded).get("/docs")
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
