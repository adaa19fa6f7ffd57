"""Decisions whose data were erased or changed, over HTTP."""

from collections.abc import Callable
from secrets import token_hex
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from main import Application
from register.retention.erasure import erase
from register.retention.targets import Target
from register.tables import schema
from tests.service.recording.asking import decide, listed, opened, stored
from tests.support.registers.guards import unguarded

CALL_ERASED = {"detail": "the data of this call's decision were erased"}


@pytest.fixture
def erased(http: httpx.Client, register_app: Application, clients: list[int]) -> tuple[str, str]:
    """The key of a list of two decisions, and the id of the first, whose data were erased."""
    key = token_hex()
    body = [{"client": clients[0]}, {"client": clients[1]}]
    answer = http.post("/decisions", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 201
    decision = answer.json()[0]["id"]
    target = Target.of_decision(UUID(decision))
    done = erase(register_app.service.register.store, "test", target)
    assert (done.decisions, done.erased) == (1, 1)
    return key, decision


def test_the_figures_stay(http: httpx.Client, erased: tuple[str, str], clients: list[int]):
    decision = stored(http, erased[1], verify=1)
    assert decision["evidence"] is None
    assert decision["verified"] == "ok"
    score = http.post("/score?reasons=0", json={"client": clients[0]}).json()
    assert decision["probability"] == score["probability"]
    assert erased[1] in listed(http, client=clients[0], limit=500)


def test_the_answer_cannot_be_repeated(
    http: httpx.Client, erased: tuple[str, str], clients: list[int]
):
    body = [{"client": clients[0]}, {"client": clients[1]}]
    answer = http.post("/decisions", json=body, headers={"Idempotency-Key": erased[0]})
    assert (answer.status_code, answer.json()) == (410, CALL_ERASED)


def test_there_is_no_letter(http: httpx.Client, erased: tuple[str, str]):
    answer = http.get(f"/decisions/{erased[1]}/letter")
    detail = f"the data of decision {erased[1]} were erased: it has no letter any more"
    assert (answer.status_code, answer.json()) == (410, {"detail": detail})


def test_a_changed_record_is_a_fault_in_words(new_app: Callable[..., Application]):
    app = new_app()
    http = opened(app)
    decision = decide(http, {"client": 248124})["id"]
    with app.service.register.store.bundles.database.writing() as connection:
        unguarded(connection)
        connection.execute(update(schema.evidence).values(answer=b"nonsense"))
    answer = http.get(f"/decisions/{decision}")
    detail = f"the evidence of decision {decision} was changed and cannot be read"
    assert (answer.status_code, answer.json()) == (500, {"detail": detail})
