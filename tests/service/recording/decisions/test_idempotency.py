"""Calls that are repeated with an Idempotency-Key are recorded once."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from secrets import token_hex

import httpx
import pytest

from main import Application
from tests.service.recording.asking import ROLES, callers_file, listed, opened
from tests.support.servers.inprocess import LOOP

REPLAYED = "Idempotency-Replayed"
BAD = "Idempotency-Key is not one text of 1 to 255 visible ASCII characters"
REUSED = "this Idempotency-Key was used for another body or query"
IN_FLIGHT = "a call with the same Idempotency-Key is not answered yet"
BODY = {"client": 248124}
LIST = [{"client": 248124}, {"client": 248124, "reference": "A-1"}]


def decide(http: httpx.Client, body: object, key: str, **query: object) -> httpx.Response:
    return http.post("/decisions", json=body, params=query, headers={"Idempotency-Key": key})


@pytest.mark.parametrize("body", [BODY, LIST])
def test_a_repeated_call_gets_the_same_bytes(http: httpx.Client, body: object):
    key = token_hex()
    first = decide(http, body, key, reasons=1)
    assert first.status_code == 201
    assert REPLAYED not in first.headers
    recorded = listed(http)
    again = decide(http, body, key, reasons=1)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers[REPLAYED] == "true"
    assert listed(http) == recorded


def test_a_call_without_a_key_is_a_new_decision(http: httpx.Client):
    ids = [http.post("/decisions", json=BODY).json()["id"] for _ in range(2)]
    assert listed(http)[:2] == ids[::-1]


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ({"client": 248124, "reference": "B"}, {}),
        (LIST, {}),
        (BODY, {"reasons": 0}),
        (BODY, {"compare": "all"}),
        (BODY, {"automated": "false"}),
    ],
)
def test_a_key_belongs_to_one_body_and_query(http: httpx.Client, body: object, query: dict):
    key = token_hex()
    assert decide(http, BODY, key).status_code == 201
    recorded = listed(http)
    answer = decide(http, body, key, **query)
    assert (answer.status_code, answer.json()) == (422, {"detail": REUSED})
    assert listed(http) == recorded


def test_the_spelling_of_the_query_does_not_matter(http: httpx.Client):
    key = token_hex()
    first = decide(http, BODY, key)
    spelled = decide(http, BODY, key, compare="near", automated="1", reasons="4", wish="1")
    assert (spelled.status_code, spelled.content) == (201, first.content)


def test_a_refused_call_does_not_use_up_its_key(http: httpx.Client):
    key = token_hex()
    assert decide(http, {"client": 1}, key).status_code == 404
    answer = decide(http, BODY, key)
    assert answer.status_code == 201
    assert REPLAYED not in answer.headers


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "cl\u00e9", "tab\there"])
def test_a_key_is_a_short_visible_text(http: httpx.Client, key: str):
    headers = {"Idempotency-Key": key.encode()}
    answer = http.post("/decisions", json=BODY, headers=headers)
    assert (answer.status_code, answer.json()) == (422, {"detail": BAD})


def test_there_is_one_key(http: httpx.Client):
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = http.post("/decisions", json=BODY, headers=headers)
    assert (answer.status_code, answer.json()) == (422, {"detail": BAD})


@pytest.mark.parametrize("key", ["x" * 255, "!", '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
def test_keys_at_the_limits(http: httpx.Client, key: str):
    answers = [decide(http, LIST, key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content


async def together(app: Application, calls: int, key: str) -> Sequence[httpx.Response]:
    """The answers to equal calls at the same time, all of them in one worker."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        headers = {"Idempotency-Key": key}
        return await asyncio.gather(
            *(http.post("/decisions", json=BODY, headers=headers) for _ in range(calls))
        )


def test_a_call_is_refused_while_an_equal_one_waits(http: httpx.Client, register_app: Application):
    key = token_hex()
    answers = LOOP.run_until_complete(together(register_app, 3, key))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json() == {"detail": IN_FLIGHT}
    (right,) = [answer for answer in answers if answer.status_code == 201]
    later = decide(http, BODY, key)
    assert (later.status_code, later.content) == (201, right.content)


def test_each_caller_has_own_keys(new_app: Callable[..., Application], tmp_path: Path):
    file, keys = callers_file(tmp_path, {"anna": ROLES, "bert": ROLES})
    http = opened(new_app(api_keys_file=file))
    answers = []
    for secret in (*keys.values(), *keys.values()):
        headers = {"Idempotency-Key": "one", "X-API-Key": secret}
        answers.append(http.post("/decisions", json=BODY, headers=headers))
    assert [answer.status_code for answer in answers] == [201] * 4
    first, second, *repeated = [answer.content for answer in answers]
    assert repeated == [first, second]
    assert json.loads(first)["id"] != json.loads(second)["id"]
    headers = {"X-API-Key": next(iter(keys.values()))}
    decisions = http.get("/decisions", headers=headers).json()["decisions"]
    assert {decision["id"]: decision["caller"] for decision in decisions} == {
        json.loads(body)["id"]: name for body, name in zip((first, second), keys, strict=True)
    }
