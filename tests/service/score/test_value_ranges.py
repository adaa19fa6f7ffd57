"""Values outside `lowest` and `highest` of `features.csv`: refused, and never suggested."""

import json
from typing import Any

import httpx
import pytest

from main import Application
from tests.support.servers.inprocess import prepared_client

LOAN, INCOME = "AMT_CREDIT", "AMT_INCOME_TOTAL"
PROBLEM = f"out of the range 0 to 10000000: {LOAN}"


@pytest.fixture(scope="module")
def http(open_app: Application) -> httpx.Client:
    return prepared_client(open_app)


@pytest.fixture(scope="module")
def clients(http: httpx.Client) -> list[int]:
    return http.get("/get_ids").json()["data"]


@pytest.fixture(scope="module")
def record(http: httpx.Client, clients: list[int]) -> dict[str, Any]:
    text = http.get("/get_test", params={"param_name": clients[0]}).json()["data"]
    return json.loads(text)


@pytest.mark.parametrize("value", [-5.0, -1e-300, 1e7 + 1, 1e30, 10**25])
def test_a_value_outside_is_refused_by_each_route(
    http: httpx.Client, clients: list[int], record: dict[str, Any], value: float
):
    what_if = {"client": clients[0], "changes": {LOAN: value}}
    applicant = {"record": record | {LOAN: value}}
    for body, key in ((what_if, "changes"), (applicant, "record")):
        asked = [
            http.post("/score", json=body),
            http.post("/score?reasons=0", json=body),
            http.post(f"/sensitivity?feature={INCOME}", json=body),
            http.post("/combinations", json=body),
        ]
        detail = {"detail": f"{key}: {PROBLEM}"}
        assert [(each.status_code, each.json()) for each in asked] == [(422, detail)] * len(asked)
        listed = http.post("/score", json=[{"client": clients[1]}, body])
        assert (listed.status_code, listed.json()) == (
            422,
            {"detail": f"applications[1]: {key}: {PROBLEM}"},
        )


@pytest.mark.parametrize("value", [0, 0.0, -0.0, 1, 45_000.5, 10_000_000])
def test_a_value_inside_or_at_an_end_is_scored(
    http: httpx.Client, clients: list[int], value: float
):
    body = {"client": clients[0], "changes": {INCOME: value}}
    answer = http.post("/score", json=body)
    assert answer.status_code == 200, answer.text
    assert (
        answer.json()["before"]["probability"]
        == (http.post("/score", json={"client": clients[0]}).json()["probability"])
    )


def test_each_range_is_named_with_its_features(http: httpx.Client, clients: list[int]):
    changes = {LOAN: -1, "AMT_ANNUITY": 2e6, INCOME: 1e8, "EXT_SOURCE_1": "a"}
    refused = http.post("/score", json={"client": clients[0], "changes": changes})
    assert (refused.status_code, refused.json()) == (
        422,
        {
            "detail": f"changes: out of the range 0 to 10000000: {LOAN}, {INCOME};"
            " out of the range 0 to 1000000: AMT_ANNUITY; not a number: EXT_SOURCE_1"
        },
    )


def test_features_have_their_ranges(http: httpx.Client):
    features = {each["name"]: each for each in http.get("/features").json()["features"]}
    ends = {name: (each["lowest"], each["highest"]) for name, each in features.items()}
    amounts = {LOAN: (0, 1e7), "AMT_ANNUITY": (0, 1e6), "AMT_GOODS_PRICE": (0, 1e7)}
    assert ends == dict.fromkeys(features, (None, None)) | amounts | {INCOME: (0, 1e7)}


def test_no_suggestion_is_outside(http: httpx.Client, clients: list[int]):
    ends = {
        each["name"]: (each["lowest"], each["highest"])
        for each in http.get("/features").json()["features"]
        if each["lowest"] is not None
    }
    suggested: list[tuple[str, float]] = []
    for client in clients[:30]:
        found = http.get("/alternatives", params={"client": client}).json()["alternatives"]
        suggested += [(each["feature"], each["value"]) for each in found]
        for name in ends:
            curve = http.get("/sensitivity", params={"client": client, "feature": name}).json()
            assert ends[name][0] <= curve["low"] < curve["high"] <= ends[name][1]
            suggested += [(name, curve["flip"])] if curve["flip"] is not None else []
    within = [ends[name][0] <= value <= ends[name][1] for name, value in suggested if name in ends]
    assert len(within) > 30
    assert all(within)
