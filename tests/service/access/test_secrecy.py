"""Secrets: nothing of a client or a key in logs, errors or headers."""

import json
import re
import subprocess
import sys

import httpx

from tests.support.bundles.folders import FIRST_ID
from tests.support.servers.application import KEY
from tests.support.servers.server import ROOT, Server, wait_for

PERSON = "Grete-Tugendhat"
VALUE = 918273.64554637281


def test_the_log_has_no_id_value_body_or_key(keyed_server: Server):
    statuses = set()
    headers = {"X-API-Key": KEY}
    with httpx.Client(
        base_url=keyed_server.url, headers=headers, timeout=120, verify=False
    ) as http:

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
        assert keyed_server.raw(f"{line}\r\n\r\n".encode("latin-1")).status == 400
    assert statuses == {200, 401, 404, 405, 413, 422}
    wait_for(lambda: len(keyed_server.requests()) >= 35)
    log = keyed_server.log()
    assert not re.search(r"70000000\d{5}", log)
    for told in [PERSON, str(VALUE), KEY, "918273", name]:
        assert told not in log, told
    for value in set(record.values()) - {0, 1}:
        assert repr(value) not in log or len(repr(value)) < 8


def test_a_fault_is_one_line_of_the_log_without_its_variables():
    code = f"""
import logging
from serving.observability.logs import LogWriter, configure_logging
configure_logging(LogWriter(2, print), ["main"])
def fail(client={PERSON!r}):
    raise LookupError("why")
try:
    fail()
except LookupError as error:
    logging.getLogger("main").critical("what", exc_info=error)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    line = json.loads(done.stderr.splitlines()[-1])
    assert (line["event"], line["level"]) == ("what", "critical")
    assert line["exception"].startswith("Traceback (most recent call last):")
    assert line["exception"].endswith("LookupError: why")
    assert PERSON not in done.stderr


def test_a_refusal_has_no_value(keyed_server: Server):
    headers = {"X-API-Key": KEY}
    text = httpx.get(
        f"{keyed_server.url}/get_json", params={"param_name": FIRST_ID}, headers=headers
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
        answer = httpx.post(f"{keyed_server.url}/prediction/", content=body, headers=headers)
        assert answer.status_code == 422
        for told in [PERSON, str(VALUE), "918273", repr(record[other]), str(FIRST_ID)]:
            assert len(told) < 5 or told not in answer.text, wrong


def test_no_header_has_a_version(keyed_server: Server):
    for path in ["/", "/health", "/docs", "/nowhere", "/get_ids"]:
        answer = httpx.get(keyed_server.url + path)
        told = {name: value for name, value in answer.headers.items() if name != "date"}
        assert answer.headers["Server"] == "uvicorn"
        assert "X-Powered-By" not in told
        versions = ["python", "gunicorn/", "uvicorn/", "starlette", "fastapi"]
        assert not [word for word in versions if word in str(told).lower()]
    assert keyed_server.raw(b"nonsense\r\n\r\n").headers["server"] == "uvicorn"
