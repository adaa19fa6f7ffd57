"""Decisions of the same moment are scored as one list, each as if it were alone."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from credit_scoring.decisions.application import Applications
from credit_scoring.decisions.scoring import ApplicationScorer, Evaluation
from main import Application
from register.tables import schema
from service.recording.drafts import Drafter
from tests.service.recording.asking import HEAD, raw_record, stored
from tests.support.servers.inprocess import LOOP

QUICK = {"reasons": 0}


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of requests that were drafted together, however busy the machine is."""
    monkeypatch.setattr("service.recording.gathering.MOST_SECONDS", 5.0)
    numbers: list[int] = []
    draft_together = Drafter.draft_together

    def counted(self: Drafter, requests: Sequence[Any], applications: Sequence[Any]) -> list[Any]:
        numbers.append(len(requests))
        return draft_together(self, requests, applications)

    monkeypatch.setattr(Drafter, "draft_together", counted)
    return numbers


def decided(
    app: Application, bodies: Sequence[object], queries: Sequence[dict[str, Any]] = ({},)
) -> list[httpx.Response]:
    """The answers to calls of the same moment; the queries are taken in turns."""

    async def all_at_once() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            return await asyncio.gather(
                *(
                    http.post("/decisions", json=body, params=QUICK | queries[at % len(queries)])
                    for at, body in enumerate(bodies)
                )
            )

    return LOOP.run_until_complete(all_at_once())


def test_every_client_is_decided_as_alone(
    register_app: Application, http: httpx.Client, clients: list[int], together: list[int]
):
    bodies: list[dict[str, Any]] = [{"client": client} for client in clients]
    records = [{"record": raw_record(http, client)} for client in clients]
    bodies += [*records, *(record | {"changes": {"AMT_CREDIT": 5e5}} for record in records)]
    queries = [{"compare": "near"}, {"compare": "all"}]
    answers = decided(register_app, bodies, queries)
    assert max(together) > len(clients)
    for at, (body, answer) in enumerate(zip(bodies, answers, strict=True)):
        assert answer.status_code == 201, answer.text
        alone = http.post("/score", json=body, params=QUICK | queries[at % 2])
        assert HEAD.sub(b"{", answer.content) == alone.content
        evidence = stored(http, answer.json()["id"])["evidence"]
        assert evidence["answer"] == answer.json()
        assert evidence["client"] == body.get("client")
        again = http.post("/score", json={"record": evidence["record"]}, params=QUICK)
        assert again.json()["probability"] == answer.json()["probability"]


@pytest.mark.parametrize(
    ("refused", "status"),
    [({"client": 1}, 404), ({"client": 1, "changes": {"AMT_CREDIT": 5e5}}, 404), ("NUL", 422)],
    ids=["unknown client", "unknown client with changes", "reference"],
)
def test_a_refused_call_does_not_refuse_the_others(
    register_app: Application,
    http: httpx.Client,
    clients: list[int],
    together: list[int],
    refused: object,
    status: int,
):
    if refused == "NUL":
        refused = {"client": clients[0], "reference": "a\0b"}
    alone = http.post("/decisions", json=refused, params=QUICK)
    assert alone.status_code == status
    first, second, third = decided(
        register_app, [{"client": clients[0]}, refused, {"client": clients[1]}]
    )
    assert 3 in together
    assert (second.status_code, second.json()["detail"]) == (status, alone.json()["detail"])
    for client, answer in ((clients[0], first), (clients[1], third)):
        score = http.post("/score", json={"client": client}, params=QUICK)
        assert (answer.status_code, HEAD.sub(b"{", answer.content)) == (201, score.content)


def test_a_fault_of_the_list_is_not_one_of_the_calls(
    register_app: Application,
    http: httpx.Client,
    clients: list[int],
    together: list[int],
    monkeypatch: pytest.MonkeyPatch,
):
    """For example a model library that computes single rows only."""
    evaluate = ApplicationScorer.evaluate

    def alone_only(self: ApplicationScorer, applications: Applications) -> Evaluation:
        if applications.is_list:
            raise RuntimeError("no lists today")
        return evaluate(self, applications)

    monkeypatch.setattr(ApplicationScorer, "evaluate", alone_only)
    answers = decided(register_app, [{"client": client} for client in clients[:4]])
    assert together == [4, 1, 1, 1, 1]
    for client, answer in zip(clients, answers, strict=False):
        score = http.post("/score", json={"client": client}, params=QUICK)
        assert (answer.status_code, HEAD.sub(b"{", answer.content)) == (201, score.content)


def test_a_fault_of_a_call_is_its_own(
    register_app: Application, clients: list[int], monkeypatch: pytest.MonkeyPatch
):
    evaluate = ApplicationScorer.evaluate

    def not_the_second(self: ApplicationScorer, applications: Applications) -> Evaluation:
        if any(item.client == clients[1] for item in applications.items):
            raise RuntimeError("a fault of the model library")
        return evaluate(self, applications)

    monkeypatch.setattr(ApplicationScorer, "evaluate", not_the_second)
    before = decisions(register_app)
    answers = decided(register_app, [{"client": client} for client in clients[:3]])
    assert [answer.status_code for answer in answers] == [201, 500, 201]
    assert decisions(register_app) == before + 2


def decisions(app: Application) -> int:
    """The number of decisions in the register."""
    with app.service.register.store.database.reading() as connection:
        return len(connection.scalars(select(schema.decision.c.id)).all())
