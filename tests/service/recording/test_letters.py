"""Letters over HTTP: the page of the library, its headers, and the event."""

import json
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from main import Application
from register.letter.letter import letter_html
from register.letter.style import POLICY
from register.reading.decision import read_decision
from tests.service.recording.asking import decide, opened

HELD = "letters cannot be written before LENDER_NAME and LENDER_ADDRESS and LENDER_CONTACT is set"


@pytest.fixture
def accepted(http: httpx.Client, clients: list[int]) -> str:
    """The id of a decision in a client's favour."""
    scores = http.post("/score?reasons=0", json=[{"client": client} for client in clients]).json()
    client = next(score["client"] for score in scores if score["prediction"] == 0)
    return decide(http, {"client": client})["id"]


@pytest.mark.parametrize(("query", "language"), [("", "en"), ("?language=fr", "fr")])
def test_a_letter_is_that_of_the_library(
    register_app: Application,
    http: httpx.Client,
    accepted: str,
    query: str,
    language: str,
    events: Callable,
):
    before = len(events("letter"))
    answer = http.get(f"/decisions/{accepted}/letter{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert f'<html lang="{language}"' in answer.text

    service = register_app.service
    flags = service.register.archive.keep(service.current).result().flags
    assert "CODE_GENDER_F" in flags
    assert "AMT_CREDIT" not in flags
    with service.register.store.database.reading() as connection:
        stored = read_decision(connection, UUID(accepted))
    letter = letter_html(stored, service.settings, language, flags)
    assert answer.text == letter.html
    (event,) = events("letter")[before:]
    assert (event["caller"], event["decision"]) == ("anyone", UUID(accepted))
    detail = {"template": letter.version, "language": language}
    assert json.loads(event["detail"]) == detail


def test_other_languages_are_refused(http: httpx.Client, accepted: str):
    answer = http.get(f"/decisions/{accepted}/letter?language=de")
    assert answer.status_code == 422
    assert answer.json() == {"detail": "language: Input should be 'en' or 'fr'"}


def test_a_letter_needs_a_sender(new_app: Callable[..., Application]):
    http = opened(new_app())
    answer = decide(http, {"client": 248124})
    letter = http.get(f"/decisions/{answer['id']}/letter")
    assert (letter.status_code, letter.json()) == (409, {"detail": HELD})
