"""`POST /alternatives`: changes that turn the decision on an application, as for a client."""

import httpx
import pytest

from tests.service.whatif.test_combinations import scores_of
from tests.support.servers.application import application
from tests.support.servers.inprocess import prepared_client

REFUSED = 416135
INCOME = "AMT_INCOME_TOTAL"


@pytest.fixture(scope="module")
def http() -> httpx.Client:
    return prepared_client(application())


def record_of(http: httpx.Client, client: int) -> bytes:
    text: str = http.get("/get_test", params={"param_name": client}).json()["data"]
    return text.encode()


def test_an_application_gets_the_alternatives_of_the_client_with_its_values(http: httpx.Client):
    clients = http.get("/get_ids").json()["data"][:12]
    decisions = set()
    for client in [REFUSED, *clients]:
        by_id = http.get("/alternatives", params={"client": client})
        assert http.post("/alternatives", json={"client": client}).content == by_id.content
        body = b'{"record":%b}' % record_of(http, client)
        of_record = http.post("/alternatives", content=body).json()
        expected = by_id.json()
        assert expected.pop("client") == client
        assert of_record == expected
        decisions.add(of_record["prediction"])
    assert decisions == {0, 1}


def test_alternatives_go_on_from_the_changes_of_an_application(http: httpx.Client):
    record = httpx.Response(200, content=record_of(http, REFUSED)).json()
    income = round(1.2 * record[INCOME])
    changed = {"client": REFUSED, "changes": {INCOME: income}}
    answer = http.post("/alternatives", json=changed).json()
    assert answer["probability"] == http.post("/score", json=changed).json()["probability"]
    assert (
        answer["probability"] != http.post("/score", json={"client": REFUSED}).json()["probability"]
    )
    assert answer["prediction"] == 1
    assert answer["alternatives"]
    for one in answer["alternatives"]:
        values = {INCOME: income} | {one["feature"]: one["value"]}
        (score,) = scores_of(http, REFUSED, [values])
        assert score == one["probability"] < answer["threshold"]


def test_labels_are_in_the_language(http: httpx.Client):
    plain, french = (
        http.post("/alternatives", params=query, json={"client": REFUSED}).json()["alternatives"]
        for query in ({}, {"language": "fr"})
    )
    assert [{**each, "label": ""} for each in plain] == [{**each, "label": ""} for each in french]
    assert {each["label"] for each in french} != {each["label"] for each in plain}


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (
            {"client": 1},
            404,
            "unknown client 1, not one of the 500 new clients: /get_ids lists them",
        ),
        ({"client": REFUSED, "changes": {"NOPE": 1}}, 422, "changes: unknown: NOPE"),
    ],
)
def test_an_application_that_cannot_be_scored(
    http: httpx.Client, body: dict[str, object], status: int, detail: str
):
    answer = http.post("/alternatives", json=body)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})
