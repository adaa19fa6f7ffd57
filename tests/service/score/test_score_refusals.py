"""Refusals of `/score`, `/sensitivity` and `/alternatives`: status and whole message."""

import json
from pathlib import Path

import httpx
import pytest

from main import create_app
from service.settings import Settings
from tests.support.servers.inprocess import prepared_client

CLIENT = 248124
EITHER = "either client or record is wanted, a client's id or raw values by feature"
NO_ID = "client is not an integer, a client's id"


@pytest.fixture(scope="module")
def http(small_bundle_folder: Path) -> httpx.Client:
    settings = Settings(
        ressources_dir=small_bundle_folder, request_log=False, max_score_bytes=2_000_000
    )
    return prepared_client(create_app(settings))


def of(**changes: object) -> str:
    return json.dumps({"client": CLIENT, "changes": changes})


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ("", 422, "empty, not a JSON object"),
        ("nonsense", 422, "not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("3", 422, "JSON, but not an object"),
        ("{}", 422, EITHER),
        ('{"client": 248124, "record": {}}', 422, EITHER),
        ('{"client": 1, "client": 2}', 422, "more than once: client"),
        ('{"client": "248124"}', 422, NO_ID),
        ('{"client": 248124.0}', 422, NO_ID),
        ('{"client": true}', 422, NO_ID),
        ('{"client": null}', 422, NO_ID),
        (
            '{"client": 1}',
            404,
            "unknown client 1, not one of the 60 new clients: /get_ids lists them",
        ),
        (
            '{"client": 1, "wish": 2}',
            422,
            "unknown: wish. Accepted: client, record, changes, reference",
        ),
        (
            '{"client": 1, "record": []}',
            422,
            "record is not an object of features and their values",
        ),
        (of(NOPE=1), 422, "changes: unknown: NOPE"),
        (of(AMT_CREDIT="1"), 422, "changes: not a number: AMT_CREDIT"),
        (of(AMT_CREDIT=True), 422, "changes: not a number: AMT_CREDIT"),
        (
            of(AMT_CREDIT=None),
            422,
            "changes: null, though never missing among clients: AMT_CREDIT",
        ),
        (of(AMT_CREDIT=1).replace("1}", "1e999}"), 422, "changes: out of range: AMT_CREDIT"),
        (
            '{"client": 248124, "reference": "' + "x" * 65 + '"}',
            422,
            "reference is not a text of at most 64 characters",
        ),
        (
            '{"client": 248124, "reference": "half of a pair: \\ud83d"}',
            422,
            "reference is not a text of at most 64 characters",
        ),
        (
            '\x0c{"client": 248124}',
            422,
            "not JSON: Expecting value: line 1 column 1 (char 0)",
        ),
        ("[]", 422, "a list of 0 applications, where 1 to 1000 are accepted"),
        (
            "[" + ",".join(['{"client":248124}'] * 1001) + "]",
            422,
            "a list of 1001 applications, where 1 to 1000 are accepted",
        ),
        (
            '[{"client": 248124}, {"client": 5}]',
            404,
            "applications[1]: unknown client 5, not one of the 60 new clients: /get_ids lists them",
        ),
        ('[{"client": 248124}, 7]', 422, "applications[1]: JSON, but not an object"),
        (
            f"[{of()}, {of()}, {of(AMT_CREDIT='1')}]",
            422,
            "applications[2]: changes: not a number: AMT_CREDIT",
        ),
        ('"' + "x" * 2_000_000, 413, "the body is larger than the 2000000 bytes accepted"),
    ],
)
@pytest.mark.parametrize("reasons", [0, 4])
def test_a_bad_application_is_refused(
    http: httpx.Client, body: str, status: int, detail: str, reasons: int
):
    answer = http.post("/score", content=body, params={"reasons": reasons})
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


@pytest.mark.parametrize("body", ["[" * 100_000, '{"record":' * 100_000, "[[]," + "[]," * 300_000])
def test_deep_and_wide_nesting_is_refused_in_short(http: httpx.Client, body: str):
    answer = http.post("/score", content=body)
    assert answer.status_code == 422
    assert len(answer.content) < 400


def test_a_record_without_some_features_is_refused(http: httpx.Client):
    answer = http.post("/score", json={"record": {"AMT_CREDIT": 1}})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("record: missing: AMT_INCOME_TOTAL, AMT_ANNUITY,")


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("reasons=11", "reasons: Input should be less than or equal to 10"),
        ("compare=none", "compare: Input should be 'near' or 'all'"),
    ],
)
def test_a_bad_query_is_refused(http: httpx.Client, query: str, detail: str):
    answer = http.post(f"/score?{query}", json={"client": CLIENT})
    assert (answer.status_code, answer.json()) == (422, {"detail": detail})


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        (
            "/sensitivity?client=1&feature=AMT_CREDIT",
            404,
            "unknown client 1, not one of the 60 new clients: /get_ids lists them",
        ),
        (
            "/sensitivity?client=248124&feature=NOPE",
            404,
            "unknown feature NOPE, not one of the 39 features: /get_feat lists them",
        ),
        ("/sensitivity?client=248124", 422, "feature is missing: /sensitivity?feature=…"),
        ("/alternatives", 422, "client is missing: /alternatives?client=…"),
        ("/alternatives?client=x", 422, "client is not an integer, a client's id: x"),
    ],
)
def test_a_bad_query_of_a_curve_or_counterfactual_is_refused(
    http: httpx.Client, path: str, status: int, detail: str
):
    answer = http.get(path)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})
