"""Audit values: recorded with the decision, unknown to the model, and in no answer."""

import re
from collections.abc import Callable
from secrets import token_hex
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from main import Application
from register.tables import schema
from register.verification.verification import verify
from tests.service.recording.asking import decide, stored

CANARY = "canary-4711 Zoë"
GROUPS = {"sex": CANARY, "age_band": "35-44"}
HEAD = re.compile(rb'{"id":"[0-9a-f-]{36}","at":"[^"]*",')
KEYS = "client, record, changes, reference"


@pytest.fixture
def values(register_app: Application) -> Callable[[str], dict[str, str]]:
    """Gives the recorded audit values of a decision."""
    audit = schema.audit.c

    def of(decision: str) -> dict[str, str]:
        wanted = select(audit.name, audit.value).where(audit.decision == UUID(decision))
        with register_app.service.register.store.database.reading() as connection:
            return {row.name: row.value for row in connection.execute(wanted)}

    return of


@pytest.mark.parametrize("query", [{"reasons": 0}, {"reasons": 4, "compare": "all"}])
def test_the_model_and_the_answer_know_nothing_of_them(http, clients, values, query):
    audits = ({"sex": "female"}, GROUPS, None, {"sex": None, "x": "y"})
    bodies = [{"client": client, "reference": "A"} for client in clients[:4]]
    sent = [body | ({"audit": audit} if audit else {})
            for body, audit in zip(bodies, audits, strict=True)]  # fmt: skip
    answer = http.post("/decisions", json=sent, params=query)
    assert answer.status_code == 201
    assert HEAD.sub(b"{", answer.content) == http.post("/score", json=bodies, params=query).content
    found = [values(one["id"]) for one in answer.json()]
    assert found == [{"sex": "female"}, GROUPS, {}, {"x": "y"}]
    one = http.post("/decisions", json=sent[1], params=query)
    assert HEAD.sub(b"{", one.content) == http.post("/score", json=bodies[1], params=query).content
    assert values(one.json()["id"]) == GROUPS


def test_a_decision_with_them_is_read_like_one_without(http, clients, register_app, caplog):
    body = {"client": clients[0]}
    of, plain = (decide(http, body | more, reasons=1)["id"] for more in ({"audit": GROUPS}, {}))
    first, second = (stored(http, one, verify=1) for one in (of, plain))
    assert first["verified"] == "ok"
    for decision in (first, second):
        for part in (decision, decision["evidence"]["answer"]):
            part.update(id="", at="")
        decision.update(request_id="", block="")
    assert first == second
    paths = [f"/decisions/{of}{more}" for more in ("", "?verify=1", "/letter")]
    paths += ["/decisions", f"/decisions?client={clients[0]}", "/metrics", "/register/head"]
    for path in paths:
        answer = http.get(path)
        assert answer.status_code == 200, path
        assert CANARY not in answer.text
    assert CANARY not in caplog.text
    assert verify(register_app.service.register.store.database).problems.lines == []


@pytest.mark.parametrize("route", ["/score", "/sensitivity?feature=AMT_CREDIT"])
def test_other_routes_refuse_the_key(http, clients, open_app, route):
    answer = http.post(route, json={"client": clients[0], "audit": GROUPS})
    unknown = http.post(route, json={"client": clients[0], "other": GROUPS})
    assert (answer.status_code, unknown.status_code) == (422, 422)
    assert answer.json()["detail"] == f"unknown: audit. Accepted: {KEYS}"
    assert answer.content == unknown.content.replace(b"other", b"audit")


@pytest.mark.parametrize(
    ("audit", "problem"),
    [
        ({}, "audit is not an object of 1 to 10 columns and their texts"),
        ({"sex": CANARY * 10}, "audit: not a text of 1 to 100 characters: sex"),
        ({"a b": CANARY}, "audit: not a name of 1 to 40 letters, digits, _ and -: a b"),
        ({"sex": f"{CANARY}\0"}, "audit: a character that cannot be recorded: sex"),
    ],
)
def test_a_list_with_an_invalid_one_records_nothing(
    http, clients, register_app, caplog, audit, problem
):
    latest = register_app.service.register.recorder.latest
    body = [{"client": clients[0], "audit": GROUPS}, {"client": clients[1], "audit": audit}]
    answer = http.post("/decisions", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"] == f"applications[1]: {problem}"
    assert register_app.service.register.recorder.latest == latest
    assert CANARY not in answer.text + caplog.text


def test_a_wrong_key_is_answered_with_those_that_are_accepted(http, clients):
    answer = http.post("/decisions", json={"client": clients[0], "audits": GROUPS})
    assert answer.status_code == 422
    assert answer.json()["detail"] == f"unknown: audits. Accepted: {KEYS}, audit"


def test_they_belong_to_the_call_that_an_idempotency_key_names(http, clients, values):
    def call(audit: dict[str, str]) -> httpx.Response:
        body = {"client": clients[0], "audit": audit}
        return http.post("/decisions", json=body, headers={"Idempotency-Key": key})

    key = token_hex()
    first, again, other = call(GROUPS), call(GROUPS), call(GROUPS | {"sex": "male"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert values(first.json()["id"]) == GROUPS
