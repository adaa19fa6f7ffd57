"""Reviews, requests for them, outcomes and letters, over HTTP."""

import asyncio
import json
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from api.register.requests import MOST_OUTCOMES
from main import Application
from tests.service.recording.asking import decide, listed, stored
from tests.support.servers.inprocess import LOOP

NOBODY = "018f0000-0000-7000-8000-000000000000"
UNKNOWN = {"detail": "no decision has this id: /decisions lists them"}
STALE = {"detail": "the decision was reviewed since it was read: read it again"}
BAD_ETAG = {"detail": 'If-Match is not the ETag of a decision, such as "0"'}
REVIEW = {"decision": 0, "reason": "INCOME_PROVED", "comment": "Pay slips seen, é."}
OUTCOME = {"status": "late", "observed": "2024-11-28", "definition": "30dpd"}
UNACCEPTED = "has a character that cannot be recorded"


@pytest.fixture
def decision(http: httpx.Client, clients: list[int]) -> str:
    """The id of a new decision."""
    return decide(http, {"client": clients[0]}, reasons=1)["id"]


def review(http: httpx.Client, decision: str, body: object, **headers: str) -> httpx.Response:
    return http.post(f"/decisions/{decision}/reviews", json=body, headers=headers)


def is_now(text: str) -> bool:
    at = datetime.fromisoformat(text)
    return text.endswith("Z") and abs((datetime.now(UTC) - at).total_seconds()) < 60


def test_a_review_is_answered_as_it_was_given(http: httpx.Client, decision: str):
    answer = review(http, decision, REVIEW)
    assert answer.status_code == 201
    recorded = answer.json()
    assert is_now(recorded["at"])
    assert recorded == {
        "id": str(UUID(recorded["id"])),
        "at": recorded["at"],
        "reviewer": "anyone",
        "decision": 0,
        "reason": "INCOME_PROVED",
        "comment": "Pay slips seen, é.",
    }


def test_the_last_review_is_the_final_decision(http: httpx.Client, decision: str):
    first = review(http, decision, REVIEW).json()
    second = review(http, decision, {"decision": 1, "reason": "X"}).json()
    assert second["comment"] is None
    found = stored(http, decision)
    assert found["reviewed"] == [first, second]
    assert (found["final"], found["reviews"]) == (1, 2)
    assert listed(http, reviewed="true", limit=1) == [decision]


def test_a_review_of_an_older_state_is_refused(http: httpx.Client, decision: str):
    tag = http.get(f"/decisions/{decision}").headers["ETag"]
    assert review(http, decision, REVIEW, **{"If-Match": tag}).status_code == 201
    stale = review(http, decision, REVIEW, **{"If-Match": tag})
    assert (stale.status_code, stale.json()) == (409, STALE)
    newer = http.get(f"/decisions/{decision}").headers["ETag"]
    assert (tag, newer) == ('"0"', '"1"')
    assert review(http, decision, REVIEW, **{"If-Match": newer}).status_code == 201
    weak = {"If-Match": 'W/"2"'}  # by a proxy that compresses
    assert review(http, decision, REVIEW, **weak).status_code == 201
    assert stored(http, decision)["reviews"] == 3


def test_of_two_reviews_of_one_state_one_is_kept(
    http: httpx.Client, register_app: Application, decision: str
):
    async def both() -> list[httpx.Response]:
        transport = httpx.ASGITransport(register_app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            path, headers = f"/decisions/{decision}/reviews", {"If-Match": '"0"'}
            calls = [http.post(path, json=REVIEW, headers=headers) for _ in range(2)]
            return await asyncio.gather(*calls)

    answers = LOOP.run_until_complete(both())
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert stored(http, decision)["reviews"] == 1


@pytest.mark.parametrize(
    "tag", ["0", '"x"', '"-1"', "*", '"0", "1"', 'w/"0"', '"' + "9" * 20 + '"']
)
def test_another_etag_is_refused(http: httpx.Client, decision: str, tag: str):
    answer = review(http, decision, REVIEW, **{"If-Match": tag})
    assert (answer.status_code, answer.json()) == (422, BAD_ETAG)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "empty, not a JSON object"),
        (b"[]", "JSON, but not an object"),
        (b"{", "not JSON: Expecting property name enclosed in double quotes: line 1 column 2"
         " (char 1)"),
        (b"{}", "decision: Field required; reason: Field required"),
        (b'{"decision": 0, "decision": 1, "reason": "A"}', "more than once: decision"),
        (b'{"decision": 2, "reason": "A"}', "decision: Input should be less than or equal to 1"),
        (b'{"decision": true, "reason": "A"}', "decision: Input should be a valid integer"),
        (b'{"decision": 1.0, "reason": "A"}', "decision: Input should be a valid integer"),
        (b'{"decision": "1", "reason": "A"}', "decision: Input should be a valid integer"),
        (b'{"decision": 1, "reason": "a"}',
         "reason: String should match pattern '^[A-Z0-9_]{1,40}$'"),
        (b'{"decision": 1, "reason": "A\\n"}',
         "reason: String should match pattern '^[A-Z0-9_]{1,40}$'"),
        (b'{"decision": 1, "reason": "A", "comment": 7}',
         "comment: Input should be a valid string"),
        (b'{"decision": 1, "reason": "A", "comment": "\\u0000"}', f"comment: {UNACCEPTED}"),
        (b'{"decision": 1, "reason": "A", "comment": "\\ud800"}',
         "comment: Input should be a valid string, unable to parse raw data as a unicode string"),
        (b'{"decision": 1, "reason": "A", "comment": "%b"}' % (b"x" * 4001),
         "comment: String should have at most 4000 characters"),
        (b'{"decision": 1, "reason": "A", "wish": 1}',
         "wish: unknown. Accepted: decision, reason, comment"),
    ],
)  # fmt: skip
def test_a_bad_review_is_refused(http: httpx.Client, decision: str, body: bytes, detail: str):
    answer = http.post(f"/decisions/{decision}/reviews", content=body)
    assert (answer.status_code, answer.json()) == (422, {"detail": detail})
    assert stored(http, decision)["reviews"] == 0


def test_a_long_review_is_kept(http: httpx.Client, decision: str):
    body = REVIEW | {"comment": "é" * 4000, "reason": "R" * 40}
    assert review(http, decision, body).json()["comment"] == body["comment"]


def request_review(http: httpx.Client, decision: str, body: object) -> httpx.Response:
    return http.post(f"/decisions/{decision}/review-requests", json=body)


def test_a_request_for_a_review_is_answered_as_it_was_given(http: httpx.Client, decision: str):
    answer = request_review(http, decision, {"statement": "My income has risen."})
    assert answer.status_code == 201
    request = answer.json()
    assert is_now(request["at"])
    assert request == {
        "id": str(UUID(request["id"])),
        "at": request["at"],
        "caller": "anyone",
        "statement": "My income has risen.",
    }


def test_a_request_for_a_review_is_open_until_a_review(http: httpx.Client, decision: str):
    request = request_review(http, decision, {"statement": "My income has risen."}).json()
    found = stored(http, decision)
    assert (found["review_requests"], found["review_requested"]) == ([request], True)
    assert listed(http, requested="true", limit=1) == [decision]
    assert review(http, decision, REVIEW).status_code == 201
    assert stored(http, decision)["review_requested"] is False
    assert decision not in listed(http, requested="true")


def test_requests_for_a_review_are_kept_in_their_order(http: httpx.Client, decision: str):
    request = request_review(http, decision, {"statement": "My income has risen."}).json()
    silent = request_review(http, decision, {}).json()
    assert silent["statement"] is None
    assert stored(http, decision)["review_requests"] == [request, silent]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "empty, not a JSON object"),
        (b'{"statement": 1}', "statement: Input should be a valid string"),
        (b'{"statement": "\\u0000"}', f"statement: {UNACCEPTED}"),
        (b'{"statement": "%b"}' % (b"x" * 4001),
         "statement: String should have at most 4000 characters"),
        (b'{"reason": "A"}', "reason: unknown. Accepted: statement"),
    ],
)  # fmt: skip
def test_a_bad_request_for_a_review(http: httpx.Client, decision: str, body: bytes, detail: str):
    answer = http.post(f"/decisions/{decision}/review-requests", content=body)
    assert (answer.status_code, answer.json()) == (422, {"detail": detail})
    assert stored(http, decision)["review_requests"] == []


@pytest.mark.parametrize("identity", [NOBODY, "Grete"])
@pytest.mark.parametrize(("what", "body"), [("reviews", REVIEW), ("review-requests", {})])
def test_an_unknown_decision(http: httpx.Client, identity: str, what: str, body: object):
    answer = http.post(f"/decisions/{identity}/{what}", json=body)
    assert (answer.status_code, answer.json()) == (404, UNKNOWN)


@pytest.mark.parametrize("what", ["reviews", "review-requests"])
def test_a_body_has_a_largest_size(http: httpx.Client, decision: str, what: str):
    answer = http.post(f"/decisions/{decision}/{what}", content=b" " * 1_000_001)
    assert answer.status_code == 413
    assert answer.json() == {"detail": "the body is larger than the 1000000 bytes accepted"}


def test_outcomes_are_kept_and_unknown_ones_named(http: httpx.Client, clients: list[int]):
    first, second = (decide(http, {"client": clients[0], "reference": "O-1"})["id"] for _ in "ab")
    later = OUTCOME | {"status": "repaid", "observed": "2025-01-31"}
    body = [
        OUTCOME | {"decision": first},
        OUTCOME | {"decision": NOBODY},
        later | {"reference": "O-1"},  # the latest decision with it
        OUTCOME | {"reference": "nobody has it"},
    ]
    answer = http.post("/outcomes", json=body)
    assert answer.status_code == 201
    assert answer.json() == {
        "recorded": 2,
        "unknown": [
            {"index": 1, "detail": "no decision has this id"},
            {"index": 3, "detail": "no decision has this reference"},
        ],
    }
    (outcome,) = stored(http, first)["outcomes"]
    assert outcome == OUTCOME | {"id": outcome["id"], "at": outcome["at"], "caller": "anyone"}
    assert stored(http, first)["outcome"] == "late"
    assert [found["status"] for found in stored(http, second)["outcomes"]] == ["repaid"]
    again = http.post("/outcomes", json=body)
    assert again.json() == answer.json()
    assert len(stored(http, first)["outcomes"]) == 1


def test_many_outcomes_at_once(http: httpx.Client, clients: list[int]):
    ids = [
        answer["id"] for answer in decide(http, [{"client": c} for c in clients[:50]], reasons=0)
    ]
    days = [f"2024-10-{day:02}" for day in range(1, 21)]
    body = [OUTCOME | {"decision": one, "observed": day} for one in ids for day in days]
    assert len(body) == MOST_OUTCOMES
    assert http.post("/outcomes", json=body).json() == {"recorded": 1000, "unknown": []}
    assert [one["observed"] for one in stored(http, ids[-1])["outcomes"]] == days
    answer = http.post("/outcomes", json=[*body, body[0]])
    assert (answer.status_code, answer.json()) == (
        422, {"detail": "a list of 1001 outcomes, where 1 to 1000 are accepted"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "empty, not a JSON list"),
        (b"{}", "JSON, but not a list"),
        (b"[]", "a list of 0 outcomes, where 1 to 1000 are accepted"),
        (b'[{"a": 1, "a": 2}]', "more than once: a"),
        (b"[7]", "outcomes[0]: Input should be a valid dictionary or instance of OutcomeBody"),
        ([{}], "outcomes[0]: status: Field required; outcomes[0]: observed: Field required;"
         " outcomes[0]: definition: Field required"),
        ([OUTCOME], "outcomes[0]: has either decision or reference"),
        ([OUTCOME | {"decision": NOBODY, "reference": "A"}],
         "outcomes[0]: has either decision or reference"),
        ([OUTCOME | {"decision": "Grete"}], "outcomes[0]: decision: is not the id of a decision"),
        ([OUTCOME | {"decision": 7}], "outcomes[0]: decision: is not the id of a decision"),
        ([OUTCOME | {"reference": "\0"}], f"outcomes[0]: reference: {UNACCEPTED}"),
        ([OUTCOME | {"reference": "A", "observed": "2026-02-30"}],
         "outcomes[0]: observed: is not a date, such as 2026-11-28"),
        ([OUTCOME | {"reference": "A", "observed": "2026-11-28T00:00:00"}],
         "outcomes[0]: observed: is not a date, such as 2026-11-28"),
        ([OUTCOME | {"reference": "A", "observed": "2999-12-31"}],
         "outcomes[0]: observed: is in the future"),
        ([OUTCOME | {"reference": ""}],
         "outcomes[0]: reference: String should have at least 1 character"),
        ([OUTCOME | {"reference": "A", "observed": 20261128}],
         "outcomes[0]: observed: is not a date, such as 2026-11-28"),
        ([OUTCOME | {"reference": "A", "definition": "x" * 41}],
         "outcomes[0]: definition: String should have at most 40 characters"),
        ([OUTCOME | {"reference": "A", "definition": ""}],
         "outcomes[0]: definition: String should have at least 1 character"),
        ([OUTCOME | {"reference": "A"}, OUTCOME | {"reference": "A", "status": "gone"}],
         "outcomes[1]: status: Input should be 'repaid', 'current', 'late', 'defaulted',"
         " 'written_off' or 'not_taken_up'"),
        ([OUTCOME | {"reference": "A", "wish": 1}],
         "outcomes[0]: wish: unknown. Accepted: decision, reference, status, observed, definition"),
        ([OUTCOME] * 8, "; ".join(f"outcomes[{row}]: has either decision or reference"
                                  for row in range(5)) + " and 3 more"),
    ],
)  # fmt: skip
def test_bad_outcomes_are_refused(http: httpx.Client, body: object, detail: str):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = http.post("/outcomes", content=content)
    assert (answer.status_code, answer.json()) == (422, {"detail": detail})
