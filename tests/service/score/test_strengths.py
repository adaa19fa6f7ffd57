"""`strengths` of `/score`: what speaks for a client, computed again by LightGBM and pandas."""

import re
from functools import cached_property

import httpx
import joblib
import pandas as pd
import pytest

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    ID,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    REFERENCE_FILE,
)
from main import Application
from tests.support.servers.application import application
from tests.support.servers.inprocess import prepared_client
from tests.support.servers.server import RESSOURCES

PEERS = 500
TOLERANCE = 1e-9
TYPICAL = r".+ \((as is typical|typical .+)\)"


@pytest.fixture(scope="module")
def app() -> Application:
    return application()


@pytest.fixture(scope="module")
def http(app: Application) -> httpx.Client:
    return prepared_client(app)


class Plain:
    """Contributions of all new clients by feature and theme, less the means of the peers."""

    def __init__(self, compare: str) -> None:
        self.compare = compare
        self.pipeline = joblib.load(RESSOURCES / MODEL_FILE)
        self.new, self.reference = (
            pd.read_csv(RESSOURCES / name) for name in (NEW_FILE, REFERENCE_FILE)
        )
        self.features = pd.read_csv(RESSOURCES / FEATURES_FILE, index_col="name")
        self.threshold = pd.read_json(RESSOURCES / METADATA_FILE, typ="series")["threshold"]

    def shap(self, rows: pd.DataFrame) -> pd.DataFrame:
        transformer, classifier = self.pipeline
        values = classifier.booster_.predict(transformer.transform(rows), pred_contrib=True)
        return pd.DataFrame(values[:, :-1], columns=transformer.get_feature_names_out())

    @cached_property
    def peers(self) -> pd.DataFrame:
        score = pd.Series(self.pipeline.predict_proba(self.reference)[:, 1])
        if self.compare == "near":
            chosen = score[score < self.threshold].nlargest(PEERS).index
        else:
            places = [round(at * (len(score) - 1) // (PEERS - 1)) for at in range(PEERS)]
            chosen = score.sort_values(kind="stable").index[places]
        return self.reference.loc[chosen]

    @cached_property
    def contributions(self) -> pd.DataFrame:
        return self.shap(self.new) - self.shap(self.peers).mean()

    @cached_property
    def by_theme(self) -> pd.DataFrame:
        return self.contributions.T.groupby(self.features["group"]).sum().T


@pytest.mark.parametrize("compare", ["near", "all"])
def test_strengths_of_every_client_are_those_of_lightgbm_and_pandas(
    http: httpx.Client, compare: str
):
    plain = Plain(compare)
    answer = http.post(
        f"/score?reasons=3&strengths=4&compare={compare}",
        json=[{"client": client} for client in plain.new[ID].tolist()],
    )
    assert answer.status_code == 200, answer.text
    texts = set()
    for row, found in enumerate(answer.json()):
        sizes = plain.by_theme.loc[row].sort_values()
        expected = sizes[sizes < 0].head(4)
        against = sizes[sizes > 0][::-1].head(3)
        strengths = {each["group"]: each["contribution"] for each in found["strengths"]}
        assert list(strengths) == list(expected.index)
        assert strengths == pytest.approx(expected.to_dict(), abs=TOLERANCE)
        assert [each["group"] for each in found["reasons"]] == list(against.index)
        told = sum(each["contribution"] for each in found["reasons"] + found["strengths"])
        whole = plain.contributions.loc[row].sum()
        assert told + found["other"] == pytest.approx(whole, abs=TOLERANCE)
        rest = whole - expected.sum() - against.sum()
        assert found["other"] == pytest.approx(rest, abs=TOLERANCE)
        for strength in found["strengths"]:
            members = plain.features.index[plain.features["group"] == strength["group"]]
            strongest = plain.contributions.loc[row, members].idxmin()
            label = plain.features.at[strongest, "label"]
            assert re.fullmatch(f"{re.escape(label)}: {TYPICAL}", strength["text"])
            texts.add(strength["text"])
    assert len(texts) > len(plain.new)


def test_strengths_have_the_fields_of_reasons(http: httpx.Client):
    """One client by value: the theme is what the reasons of nobody say of this client."""
    plain = Plain("near")
    client = plain.new[ID].iloc[0]
    found = http.post("/score?strengths=1", json={"client": int(client)}).json()["strengths"]
    (strength,) = found
    theme = plain.by_theme.loc[0].idxmin()
    members = plain.features.index[plain.features["group"] == theme]
    contributions = plain.contributions.loc[0, members]
    largest = contributions.abs().sort_values(ascending=False, kind="stable").index[:5]
    assert strength["contribution"] == pytest.approx(contributions.sum(), abs=TOLERANCE)
    assert strength["protected"] == bool(plain.features.loc[members, "protected"].any())
    assert [each["name"] for each in strength["features"]] == list(largest)
    for each in strength["features"]:
        value = plain.new.at[0, each["name"]]
        assert each == {
            "name": each["name"],
            "label": plain.features.at[each["name"], "label"],
            "value": None if pd.isna(value) else value,
            "unit": plain.features["unit"].fillna("")[each["name"]],
            "median": plain.peers[each["name"]].median(),
            "contribution": pytest.approx(contributions[each["name"]], abs=TOLERANCE),
        }


def test_without_strengths_the_answer_is_the_one_without_the_parameter(http: httpx.Client):
    for body in ({"client": 416135}, [{"client": 416135}], {"client": 416135, "changes": {}}):
        plain = http.post("/score", json=body)
        assert http.post("/score?strengths=0", json=body).content == plain.content
        assert b"strengths" not in plain.content


def test_strengths_change_nothing_but_the_rest(http: httpx.Client):
    body = {"client": 416135, "changes": {"AMT_CREDIT": 250_000}}
    plain, more = (
        http.post("/score", params=query, json=body).json() for query in ({}, {"strengths": 10})
    )
    strengths = more.pop("strengths")
    assert len(strengths) == 10
    assert [*plain] == [*more]
    assert more.pop("other") == pytest.approx(
        plain.pop("other") - sum(each["contribution"] for each in strengths), abs=TOLERANCE
    )
    assert plain == more


def test_strengths_are_given_without_reasons(http: httpx.Client):
    """Alone and in a list, and the same as with reasons."""
    alone = http.post("/score?reasons=0&strengths=2", json={"client": 416135}).json()
    (listed,) = http.post("/score?reasons=0&strengths=2", json=[{"client": 416135}]).json()
    both = http.post("/score?reasons=10&strengths=2", json={"client": 416135}).json()
    assert alone == listed
    assert (alone["reasons"], alone["strengths"]) == ([], both["strengths"])
    pushed = sum(each["contribution"] for each in both["reasons"])
    assert alone["other"] == pytest.approx(both["other"] + pushed, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("11", "Input should be less than or equal to 10"),
        ("-1", "Input should be greater than or equal to 0"),
        ("some", "Input should be a valid integer, unable to parse string as an integer"),
    ],
)
def test_a_wrong_number_of_strengths_is_refused(http: httpx.Client, given: str, problem: str):
    answer = http.post(f"/score?strengths={given}", json={"client": 416135})
    assert answer.status_code == 422
    assert answer.json()["detail"] == f"strengths: {problem}"
