"""Review requests that are repeated with an Idempotency-Key are recorded once."""

import asyncio
from collections.abc import Sequence
from secrets import token_hex
from uuid import UUID, uuid4

import httpx
import pytest

from main import Application
from register.retention.erasure import erase
from register.retention.targets import Target
from tests.service.recording.asking import decide, stored
from tests.service.recording.decisions.test_idempotency import (
    BAD,
    BODY,
    IN_FLIGHT,
    REPLAYED,
    REUSED,
)
from tests.support.servers.inprocess import LOOP

STATEMENT = {"statement": "My income has risen since, \u00e9."}


@pytest.fixture
def decision(http: httpx.Client) -> str:
    """The id of a new decision."""
    return decide(http, BODY, reasons=0)["id"]


def request(http: httpx.Client, decision: str, key: str, body: object) -> httpx.Response:
    headers = {"Idempotency-Key": key}
    return http.post(f"/decisions/{decision}/review-requests", json=body, headers=headers)


@pytest.mark.parametrize("body", [STATEMENT, {}])
def test_a_repeated_request_gets_the_same_bytes(http: httpx.Client, decision: str, body: object):
    key = token_hex()
    first = request(http, decision, key, body)
    assert first.status_code == 201
    assert REPLAYED not in first.headers
    http.post(f"/decisions/{decision}/reviews", json={"decision": 0, "reason": "X"})
    again = request(http, decision, key, body)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers[REPLAYED] == "true"
    assert stored(http, decision)["review_requests"] == [first.json()]


def test_a_request_without_a_key_is_a_new_one(http: httpx.Client, decision: str):
    path = f"/decisions/{decision}/review-requests"
    made = [http.post(path, json=STATEMENT).json() for _ in range(2)]
    assert made[0]["id"] != made[1]["id"]
    assert stored(http, decision)["review_requests"] == made


@pytest.mark.parametrize("body", [{}, {"statement": "Another."}])
def test_a_key_belongs_to_one_statement(http: httpx.Client, decision: str, body: object):
    key = token_hex()
    first = request(http, decision, key, STATEMENT)
    answer = request(http, decision, key, body)
    assert (answer.status_code, answer.json()) == (422, {"detail": REUSED})
    assert stored(http, decision)["review_requests"] == [first.json()]


def test_a_key_belongs_to_one_decision(http: httpx.Client, decision: str):
    key, other = token_hex(), decide(http, BODY, reasons=0)["id"]
    assert request(http, decision, key, STATEMENT).status_code == 201
    answer = request(http, other, key, STATEMENT)
    assert (answer.status_code, answer.json()) == (422, {"detail": REUSED})
    assert stored(http, other)["review_requests"] == []


def test_a_refused_request_does_not_use_up_its_key(http: httpx.Client, decision: str):
    key = token_hex()
    assert request(http, str(uuid4()), key, STATEMENT).status_code == 404
    assert request(http, decision, key, {"statement": 7}).status_code == 422
    answer = request(http, decision, key, STATEMENT)
    assert answer.status_code == 201
    assert REPLAYED not in answer.headers


def test_each_route_has_own_keys(http: httpx.Client):
    key = token_hex()
    headers = {"Idempotency-Key": key}
    first = http.post("/decisions", json=BODY, headers=headers)
    asked = request(http, first.json()["id"], key, STATEMENT)
    assert asked.status_code == 201
    assert http.post("/decisions", json=BODY, headers=headers).content == first.content
    assert request(http, first.json()["id"], key, STATEMENT).content == asked.content


def test_a_key_is_a_short_visible_text(http: httpx.Client, decision: str):
    answer = request(http, decision, "two words", STATEMENT)
    assert (answer.status_code, answer.json()) == (422, {"detail": BAD})


def test_a_request_whose_statement_was_erased_is_not_repeated(
    http: httpx.Client, register_app: Application, decision: str
):
    keys = {token_hex(): STATEMENT, token_hex(): {}}
    first = [request(http, decision, key, body) for key, body in keys.items()]
    assert [answer.status_code for answer in first] == [201, 201]
    erase(register_app.service.register.store, "test", Target.of_decision(UUID(decision)))
    erased, without = [request(http, decision, key, body) for key, body in keys.items()]
    assert erased.status_code == 410
    assert erased.json() == {"detail": "the data of this call's decision were erased"}
    assert (without.status_code, without.content) == (201, first[1].content)


async def together(app: Application, path: str, key: str) -> Sequence[httpx.Response]:
    """The answers to equal requests at the same time, all of them in one worker."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        headers = {"Idempotency-Key": key}
        calls = [http.post(path, json=STATEMENT, headers=headers) for _ in range(8)]
        return await asyncio.gather(*calls)


def test_of_equal_requests_at_the_same_time_one_is_recorded(
    http: httpx.Client, register_app: Application, decision: str
):
    path = f"/decisions/{decision}/review-requests"
    answers = LOOP.run_until_complete(together(register_app, path, token_hex()))
    assert {answer.status_code for answer in answers} <= {201, 409}
    (recorded,) = {answer.content for answer in answers if answer.status_code == 201}
    refused = {answer.json()["detail"] for answer in answers if answer.status_code == 409}
    assert refused <= {IN_FLIGHT}
    assert [each["id"] for each in stored(http, decision)["review_requests"]] == [
        httpx.Response(201, content=recorded).json()["id"]
    ]
