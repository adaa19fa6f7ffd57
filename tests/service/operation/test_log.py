"""The log, as an operator reads it, and the request ids."""

import contextlib
import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from credit_scoring.data.artifacts import MODEL_FILE
from tests.support.servers.server import ROOT, Server, wait_for

MADE_ID = re.compile("[0-9a-f]{32}")


def logged(server: Server, request_id: str) -> dict:
    """The line of a request, which may come after its answer."""
    wanted = f'"request_id":{json.dumps(request_id)}'
    lines = wait_for(lambda: [line for line in server.log().splitlines() if wanted in line])
    assert len(lines) == 1
    return json.loads(lines[0])


def test_start_says_what_was_loaded(server: Server, served_folder: Path):
    # Of the first two workers: another one may have taken the place of one since.
    said = "".join(server.log().split("Application startup complete")[:2]).splitlines()
    lines = [json.loads(line) for line in said if line.startswith("{") and line.endswith("}")]
    facts = server.ask_json("/model")
    loaded = [line for line in lines if line.get("event", "").startswith("loaded ")]
    assert len(loaded) == 2
    for line in loaded:
        assert line["level"] == "info"
        assert re.fullmatch(
            rf"loaded {re.escape(str(served_folder))} in [0-9]+\.[0-9]{{2}} s:"
            rf" model.joblib {facts['sha256'][MODEL_FILE]}, threshold {facts['threshold']},"
            rf" {facts['features']} features, {facts['reference_clients']} reference"
            rf" and {facts['new_clients']} new",
            line["event"],
        )
    warnings = [line["event"] for line in lines if line.get("level") == "warning"]
    said = [
        "API_KEY is not set: everybody who reaches the service may ask",
        "the model uses features that law protects:"
        " Date of birth, The client is a woman, The client is married",
    ]
    assert sorted(warnings) == sorted(said * 2)


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/get_ids", "/get_ids", 200),
        ("//get_ids/", "/get_ids", 200),
        ("/prediction", "/prediction/", 422),
        ("/get_shap?param_name=-7", "/get_shap", 404),
        ("/docs/assets/swagger-ui.css", "/docs/assets", 200),
        ("/nowhere/-7", "unknown", 404),
    ],
)
def test_request_is_one_line_of_json(server: Server, path: str, route: str, status: int):
    answer = server.get(path)
    line = logged(server, answer.headers["X-Request-ID"])
    assert list(line) == [
        *("time", "event", "method", "route", "status", "milliseconds", "request_id")
    ]
    assert (line["method"], line["route"], line["status"]) == ("GET", route, status)
    assert answer.status_code == status
    assert isinstance(line["milliseconds"], float)
    assert line["milliseconds"] > 0
    assert datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0)


def test_each_line_has_a_time_of_its_own(server: Server):
    ids = [server.get("/get_ids").headers["X-Request-ID"] for _ in range(9)]
    lines = [logged(server, request_id) for request_id in ids]
    moments = [datetime.fromisoformat(line["time"]) for line in lines]
    assert len(set(moments)) == 9


@pytest.mark.parametrize("given", ["7", "a.B_c:d-9", "0" * 64, "01HZY-trace:1.2"])
def test_request_id_is_the_callers(server: Server, given: str):
    answer = server.get("/health", headers={"X-Request-ID": given})
    assert answer.headers.get_list("X-Request-ID") == [given]
    assert logged(server, given)["route"] == "/health"


@pytest.mark.parametrize(
    "given",
    [b"", b"a b", b"5" * 65, b"x" * 10_000, b'"}{"', b"a\tb", b"\xe9", b"a,b", b"<script>"],
    ids=lambda given: repr(given[:9]),
)
def test_request_id_is_made_where_the_callers_is_nonsense(server: Server, given: bytes):
    head = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-ID: %b\r\n\r\n"
    made = server.raw(head % given).headers["x-request-id"]
    assert MADE_ID.fullmatch(made)
    assert logged(server, made)["status"] == 200
    assert given.decode("latin-1")[:60] not in server.log() or given in (b"", b'"}{"')


@pytest.mark.parametrize("end", [b"\r\n ", b"\n", b"\n\t", b"\r"])
def test_request_id_cannot_add_a_line(server: Server, end: bytes):
    """uvicorn refuses some of them, takes others as the header's end."""
    head = b'GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-ID: a%b{"b":1}'
    assert server.raw(head % end + b"\r\n\r\n").status in {200, 400}
    assert '{"b":1}' not in server.log()


IN_A_TERMINAL = """
import logging
from serving.observability.logs import request_logger, start_logging
logging.getLogger("uvicorn.error").addHandler(logging.StreamHandler())
logging.getLogger("uvicorn.error").setLevel("INFO")
writer = start_logging(["main"], print)
logging.getLogger("main").info("loaded some files")
logging.getLogger("uvicorn.error").info("Application startup complete.")
request_logger(writer)({"event": "request", "method": "GET", "route": "/get_ids", "status": 200})
"""


def test_terminal_gets_plain_text():
    ours, theirs = os.openpty()
    with subprocess.Popen([sys.executable, "-c", IN_A_TERMINAL], cwd=ROOT, stderr=theirs):
        os.close(theirs)
        shown = bytearray()
        with contextlib.suppress(OSError):  # the one that wrote is gone
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())  # without colours
    loaded, up, request = text.splitlines()
    assert "loaded some files" in loaded
    assert "Application startup complete." in up
    assert {"request", "GET", "/get_ids", "200"} <= set(re.split("[ =]+", request))
    assert not [line for line in (loaded, up, request) if line.startswith("{")]
