"""Lists of decisions, one decision and the head of the register, as they are read over HTTP."""

import json
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from main import Application
from tests.service.recording.asking import decide, listed, stored

NOBODY = "018f0000-0000-7000-8000-000000000000"
UNKNOWN = {"detail": "no decision has this id: /decisions lists them"}
NO_TIME = "Input should be a valid datetime"
HEX = re.compile("[0-9a-f]{64}")


def refused(http: httpx.Client, path: str, status: int, **query: object) -> str:
    answer = http.get(path, params=query)
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["detail"]
    return answer.json()["detail"]


def test_a_list_has_figures_but_no_values(http: httpx.Client, clients: list[int]):
    answer = decide(http, {"client": clients[0], "reference": "L-1"})
    page = http.get("/decisions").json()
    newest = page["decisions"][0]
    assert newest == {
        "id": answer["id"],
        "at": answer["at"],
        "caller": "anyone",
        "request_id": newest["request_id"],
        "model": answer["model"],
        "probability": answer["probability"],
        "margin": answer["margin"],
        "pd": answer["pd"],
        "points": answer["points"],
        "grade": answer["grade"],
        "prediction": answer["prediction"],
        "threshold": answer["threshold"],
        "compare": "near",
        "automated": True,
        "final": answer["prediction"],
        "reviews": 0,
        "review_requested": False,
        "review_requested_at": None,
        "outcome": None,
    }


def test_pages_follow_each_other(http: httpx.Client, clients: list[int]):
    ids = [answer["id"] for answer in decide(http, [{"client": c} for c in clients[:5]])]
    found, after = [], None
    while len(found) < 5:
        page = http.get(
            "/decisions", params={"limit": 2} | ({"after": after} if after else {})
        ).json()
        assert len(page["decisions"]) == 2
        found += [decision["id"] for decision in page["decisions"]]
        after = page["next"]
    assert found[:5] == ids[::-1]
    assert listed(http, limit=5) == ids[::-1]


def test_the_last_page_has_no_next(http: httpx.Client, clients: list[int]):
    decide(http, {"client": clients[0], "reference": "only one"})
    page = http.get("/decisions", params={"reference": "only one"}).json()
    assert len(page["decisions"]) == 1
    assert page["next"] is None


@pytest.mark.parametrize("after", ["x", "", "e30", "é", "a\0b", "x" * 401])
def test_a_broken_cursor_is_refused(http: httpx.Client, after: str):
    detail = refused(http, "/decisions", 422, after=after)
    assert detail in {
        "after is not a cursor of a page before",
        "after: has a character that cannot be recorded",
        "after: String should have at most 400 characters",
    }


def test_filters(http: httpx.Client, clients: list[int]):
    scores = {
        client: http.post("/score", json={"client": client}, params={"reasons": 0}).json()
        for client in clients
    }
    by_class = {score["prediction"]: client for client, score in scores.items()}
    assert set(by_class) == {0, 1}
    ids = {
        label: decide(http, {"client": client, "reference": f"F-{label}"})["id"]
        for label, client in by_class.items()
    }
    for label, client in by_class.items():
        assert listed(http, prediction=label, limit=1) == [ids[label]]
        assert listed(http, grade=scores[client]["grade"], limit=1) == [ids[label]]
        assert listed(http, client=client, limit=1) == [ids[label]]
        assert listed(http, reference=f"F-{label}", limit=1) == [ids[label]]
        assert listed(http, client=client, prediction=1 - label) == []
    assert listed(http, client=1) == []
    assert listed(http, grade="no such grade") == []
    assert listed(http, reviewed="true", reference="F-0") == []
    assert listed(http, reviewed="false", reference="F-0", limit=1) == [ids[0]]
    assert listed(http, requested="true", reference="F-0") == []


def test_decisions_of_some_time(http: httpx.Client, clients: list[int]):
    reference = {"reference": "of some time"}
    answer = decide(http, {"client": clients[0]} | reference)
    at = datetime.fromisoformat(answer["at"])
    day, hour = timedelta(days=1), timedelta(hours=1)
    today = at.date()
    for query, is_listed in [
        ({"from": today.isoformat()}, True),
        ({"to": today.isoformat()}, True),
        ({"from": today.isoformat(), "to": today.isoformat()}, True),
        ({"from": (today + day).isoformat()}, False),
        ({"to": (today - day).isoformat()}, False),
        ({"from": answer["at"]}, True),
        ({"to": answer["at"]}, False),
        ({"to": (at + timedelta(microseconds=1)).isoformat()}, True),
        ({"from": (at + hour).replace(tzinfo=None).isoformat()}, False),
        ({"from": (at - hour).replace(tzinfo=None).isoformat()}, True),
        ({"from": "0001-01-01", "to": "9999-12-31"}, True),
    ]:
        assert (listed(http, **query, **reference) == [answer["id"]]) == is_listed, query
    # A plus that was not escaped arrives as a space.
    late = (at + hour).isoformat(timespec="seconds")
    assert "+00:00" in late
    found = http.get(f"/decisions?reference=of+some+time&to={late}").json()["decisions"]
    assert [decision["id"] for decision in found] == [answer["id"]]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"limit": 0}, "limit: Input should be greater than or equal to 1"),
        ({"limit": 501}, "limit: Input should be less than or equal to 500"),
        (
            {"limit": "all"},
            "limit: Input should be a valid integer, unable to parse string as an integer",
        ),
        ({"prediction": 2}, "prediction: Input should be less than or equal to 1"),
        (
            {"reviewed": "maybe"},
            "reviewed: Input should be a valid boolean, unable to interpret input",
        ),
        ({"client": "Grete"}, "client: is not an integer, a client's id"),
        ({"reference": "x" * 65}, "reference: String should have at most 64 characters"),
        ({"reference": "\0"}, "reference: has a character that cannot be recorded"),
        (
            {"from": "yesterday"},
            "from: is not a date or a time, such as 2026-11-28 or 2026-11-28T13:05:01Z",
        ),
        (
            {"to": "20261128"},
            "to: is not a date or a time, such as 2026-11-28 or 2026-11-28T13:05:01Z",
        ),
        (
            {"from": "2026-W48"},
            "from: is not a date or a time, such as 2026-11-28 or 2026-11-28T13:05:01Z",
        ),
        (
            {"to": "2026-02-30"},
            "to: is not a date or a time, such as 2026-11-28 or 2026-11-28T13:05:01Z",
        ),
        (
            {"limit": 0, "prediction": 7},
            "prediction: Input should be less than or equal to 1; limit: Input should be greater"
            " than or equal to 1",
        ),
    ],
)
def test_wrong_parameters_of_a_list(http: httpx.Client, query: dict[str, object], detail: str):
    assert refused(http, "/decisions", 422, **query) == detail


def test_unknown_parameters_are_ignored(http: httpx.Client):
    assert listed(http, wish=1, limit=1) == listed(http, limit=1)


def test_a_list_of_one_person_is_recorded(http: httpx.Client, clients: list[int], events):
    decide(http, {"client": clients[0], "reference": "E-1"})
    before = len(events("list"))
    listed(http, limit=3)
    listed(http, prediction=1)
    assert len(events("list")) == before
    number = len(listed(http, client=clients[0], limit=500))
    listed(http, reference="E-1")
    listed(http, client=clients[0], reference="E-1")
    first, second, third = events("list")[before:]
    assert {event["caller"] for event in (first, second, third)} == {"anyone"}
    assert json.loads(first["detail"]) == {"by": ["client"], "decisions": number}
    assert json.loads(second["detail"]) == {"by": ["reference"], "decisions": 1}
    assert json.loads(third["detail"]) == {"by": ["client", "reference"], "decisions": 1}
    assert first["subject"] == third["subject"] is not None
    assert second["subject"] is None


def test_one_decision(http: httpx.Client, clients: list[int], events):
    answer = decide(http, {"client": clients[0], "reference": "D-1"}, reasons=2)
    before = len(events("read"))
    response = http.get(f"/decisions/{answer['id']}")
    assert response.headers["ETag"] == '"0"'
    decision = response.json()
    model = http.get("/model").json()
    assert decision["id"] == answer["id"]
    assert decision["evidence"]["answer"] == answer
    assert decision["bundle"]["model"] == answer["model"]
    assert decision["bundle"]["files"].items() >= model["sha256"].items()
    assert decision["reviewed"] == decision["review_requests"] == decision["outcomes"] == []
    assert decision["block"].keys() == {"stream", "number", "root"}
    assert decision["verified"] is None
    (read,) = events("read")[before:]
    assert (read["caller"], read["decision"]) == ("anyone", UUID(answer["id"]))


def test_a_decision_is_verified(http: httpx.Client, clients: list[int]):
    answer = decide(http, {"client": clients[0]})
    for value in ("1", "true"):
        assert stored(http, answer["id"], verify=value)["verified"] == "ok"
    assert stored(http, answer["id"], verify="0")["verified"] is None
    detail = refused(http, f"/decisions/{answer['id']}", 422, verify="surely")
    assert detail == "verify: Input should be a valid boolean, unable to interpret input"


@pytest.mark.parametrize("identity", [NOBODY, "0", "Grete", NOBODY.replace("-", "") + "0", "%00"])
@pytest.mark.parametrize("what", ["", "/letter"])
def test_an_unknown_decision(http: httpx.Client, identity: str, what: str, events):
    before = len(events("read")) + len(events("letter"))
    answer = http.get(f"/decisions/{identity}{what}")
    assert (answer.status_code, answer.json()) == (404, UNKNOWN)
    assert len(events("read")) + len(events("letter")) == before


def test_the_head_moves_with_each_commit(http: httpx.Client, clients: list[int]):
    first = http.get("/register/head").json()
    assert first == http.get("/register/head").json() | {"at": first["at"]}
    assert HEX.fullmatch(first["head"])
    assert datetime.fromisoformat(first["at"]) <= datetime.now(UTC)
    decide(http, {"client": clients[0]})
    second = http.get("/register/head").json()
    assert second["head"] != first["head"]
    changed = [pair for pair in zip(first["streams"], second["streams"], strict=True)
               if pair[0] != pair[1]]  # fmt: skip
    ((before, after),) = changed
    assert after["stream"] == before["stream"]
    assert after["number"] == before["number"] + 1
    assert HEX.fullmatch(after["root"])


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/decisions", "GET, POST"),
        ("POST", f"/decisions/{NOBODY}", "GET"),
        ("GET", f"/decisions/{NOBODY}/reviews", "POST"),
        ("POST", f"/decisions/{NOBODY}/letter", "GET"),
        ("GET", "/outcomes", "POST"),
    ],
)
def test_other_methods(http: httpx.Client, method: str, path: str, allowed: str):
    answer = http.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


def test_paths_below(http: httpx.Client, register_app: Application):
    for path in (f"/decisions/{NOBODY}/nothing", "/register", "/decisions/a/b/letter"):
        answer = http.get(path)
        assert answer.status_code == 404
        assert answer.json() == {"detail": f"no route {path}: / lists the routes"}
