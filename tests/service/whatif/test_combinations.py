"""`/combinations` over HTTP, on the shipped clients: each value again by `/score`."""

import math
from pathlib import Path

import httpx
import pandas as pd
import pytest

from credit_scoring.data.artifacts import FEATURES_FILE, ID, NEW_FILE
from main import Application
from tests.support.servers.application import application
from tests.support.servers.inprocess import prepared_client
from tests.support.servers.server import RESSOURCES

REFUSED, WITHOUT_ONE = 40, 443602  # clients that are looked at; one whom no single change helps
ALLOWED = {
    "AMT_INCOME_TOTAL": {"up"},
    "AMT_CREDIT": {"down"},
    "AMT_ANNUITY": {"up", "down"},
    "AMT_GOODS_PRICE": {"up", "down"},
}
WHOLE = {"AMT_INCOME_TOTAL", "AMT_GOODS_PRICE"}


@pytest.fixture(scope="module")
def app() -> Application:
    return application()


@pytest.fixture(scope="module")
def http(app: Application) -> httpx.Client:
    return prepared_client(app)


@pytest.fixture(scope="module")
def new_clients() -> pd.DataFrame:
    return pd.read_csv(RESSOURCES / NEW_FILE).set_index(ID)


@pytest.fixture(scope="module")
def refused_clients(http: httpx.Client, new_clients: pd.DataFrame) -> list[int]:
    scores = http.post(
        "/score?reasons=0", json=[{"client": client} for client in new_clients.index.tolist()]
    ).json()
    return [score["client"] for score in scores if score["prediction"] == 1]


def scores_of(http: httpx.Client, client: int, several: list[dict[str, float]]) -> list[float]:
    body = [{"client": client, "changes": changes} for changes in several]
    scores = http.post("/score?reasons=0", json=body).json()
    return [score["probability"] for score in scores]


def test_every_combination_is_what_score_answers(
    http: httpx.Client, new_clients: pd.DataFrame, refused_clients: list[int]
):
    """Both changes turn the decision; neither alone, nor with one step back of either."""
    helped = set()
    for client in refused_clients[:REFUSED]:
        found = http.get("/combinations", params={"client": client}).json()
        own = http.post("/score?reasons=0", json={"client": client}).json()
        shared = ("client", "probability", "prediction", "threshold", "model")
        assert {name: found[name] for name in shared} == {name: own[name] for name in shared}
        assert (found["exact"], found["note"]) == (True, None)
        moved = [one["moved"] for one in found["combinations"]]
        assert moved == sorted(moved)
        for one in found["combinations"]:
            helped.add(client)
            values = {change["feature"]: change["value"] for change in one["changes"]}
            tried = [values]
            for change in one["changes"]:
                name, value = change["feature"], change["value"]
                before = float(new_clients.at[client, name])
                assert change["direction"] == ("up" if value > before else "down")
                assert change["direction"] in ALLOWED[name]
                step = value - math.copysign(1, value - before)
                back = step if name in WHOLE else math.nextafter(value, before)
                tried += [values | {name: back}, {name: value}]
            together, *others = scores_of(http, client, tried)
            assert together == one["probability"] < found["threshold"]
            assert min(others) >= found["threshold"]
            assert one["exact"]
            assert one["moved"] == pytest.approx(sum(c["moved"] for c in one["changes"]))
    assert len(helped) > 5


def test_a_client_whom_no_single_change_helps(http: httpx.Client):
    assert http.get(f"/alternatives?client={WITHOUT_ONE}").json()["alternatives"] == []
    (found,) = http.get(f"/combinations?client={WITHOUT_ONE}").json()["combinations"]
    loan, instalment = found["changes"]
    assert (loan["feature"], loan["label"]) == ("AMT_CREDIT", "Amount of the loan")
    assert (instalment["feature"], instalment["direction"]) == ("AMT_ANNUITY", "down")
    assert [loan["value"], instalment["value"]] == pytest.approx([521228.74, 33273.0])
    assert found["moved"] == pytest.approx(0.184144, abs=1e-6)
    assert found["stale"] == []
    assert {"PAYMENT_RATE", "ANNUITY_INCOME_PERC"} <= {*found["recomputed"]}


def test_an_application_gets_the_combinations_of_the_client_with_its_values(http: httpx.Client):
    by_id = http.get(f"/combinations?client={WITHOUT_ONE}").json()
    assert http.post("/combinations", json={"client": WITHOUT_ONE}).json() == by_id
    text = http.get(f"/get_test?param_name={WITHOUT_ONE}").json()["data"]
    of_record = http.post("/combinations", content=b'{"record":%b}' % text.encode()).json()
    assert "client" not in of_record
    assert of_record == {name: value for name, value in by_id.items() if name != "client"}


def test_combinations_go_on_from_the_changes_of_an_application(
    http: httpx.Client, new_clients: pd.DataFrame, refused_clients: list[int]
):
    found = 0
    for client in refused_clients[:12]:
        income = round(1.1 * float(new_clients.at[client, "AMT_INCOME_TOTAL"]))
        changed = {"client": client, "changes": {"AMT_INCOME_TOTAL": income}}
        answer = http.post("/combinations", json=changed).json()
        assert answer["probability"] == http.post("/score", json=changed).json()["probability"]
        for one in answer["combinations"]:
            found += 1
            values = {change["feature"]: change["value"] for change in one["changes"]}
            (score,) = scores_of(http, client, [{"AMT_INCOME_TOTAL": income} | values])
            assert score == one["probability"] < answer["threshold"]
            assert values.get("AMT_INCOME_TOTAL", income + 1) > income
    assert found


def test_labels_are_in_the_language(http: httpx.Client):
    if not (languages := http.get("/model").json()["languages"]):
        pytest.skip("no language in the shipped features.csv")
    dictionary = pd.read_csv(Path(RESSOURCES) / FEATURES_FILE, index_col="name")
    labels = dictionary[f"label_{languages[0]}"].fillna(dictionary["label"])
    plain, other = (
        http.get("/combinations", params={"client": WITHOUT_ONE} | query).json()
        for query in ({}, {"language": languages[0]})
    )
    for one in other["combinations"]:
        for change in one["changes"]:
            assert change["label"] == labels[change["feature"]]
            change["label"] = dictionary.at[change["feature"], "label"]
    assert other == plain


def test_an_accepted_client_has_none(
    http: httpx.Client, new_clients: pd.DataFrame, refused_clients: list[int]
):
    accepted = next(c for c in new_clients.index.tolist() if c not in refused_clients)
    score = http.post("/score?reasons=0", json={"client": accepted}).json()
    assert http.get(f"/combinations?client={accepted}").json() == {
        "client": accepted,
        "probability": score["probability"],
        "prediction": 0,
        "threshold": score["threshold"],
        "combinations": [],
        "model": score["model"],
        "exact": True,
        "note": "the decision is already class 0: combinations are for a refused application",
    }


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ("?client=1", 404, "unknown client 1, not one of the 500 new clients: /get_ids lists them"),
        ("", 422, "client is missing: /combinations?client=…"),
        ("?client=x", 422, "client is not an integer, a client's id: x"),
    ],
)
def test_a_client_that_is_not_known(http: httpx.Client, query: str, status: int, detail: str):
    answer = http.get(f"/combinations{query}")
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (
            {"client": 1},
            404,
            "unknown client 1, not one of the 500 new clients: /get_ids lists them",
        ),
        ({"client": WITHOUT_ONE, "changes": {"NOPE": 1}}, 422, "changes: unknown: NOPE"),
    ],
)
def test_an_application_that_cannot_be_scored(
    http: httpx.Client, body: dict[str, object], status: int, detail: str
):
    answer = http.post("/combinations", json=body)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})
