"""Reason codes by themes of several features, and names that only the transformer has."""

import csv
import functools
import json
import re
from pathlib import Path
from urllib.parse import quote

import httpx
import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from credit_scoring.data.artifacts import FEATURES_FILE, MODEL_FILE, REFERENCE_FILE, TARGET
from main import create_app
from service.settings import Settings
from tests.support.bundles.artefacts import (
    AWKWARD,
    NUMBERS,
    PLAIN,
    TEXTS,
    clients,
    lightgbm,
    make_folder,
)
from tests.support.servers.inprocess import prepared_client

CLIENT = 200_001
RECORDS = 40
PLUS, STAR, COLON, QUOTES, SMILEY = AWKWARD
EDUCATION = TEXTS[0]
THEME_OF = {
    **dict.fromkeys([*PLAIN, STAR, COLON, QUOTES], "Loan, age and the rest"),
    **dict.fromkeys([PLUS, EDUCATION], "Past"),
    SMILEY: "A theme of one",
}
NAMED, THRESHOLD = 5, 0.4  # features of a reason; of a folder whose model.json has none


def enlarged(frame: pd.DataFrame) -> pd.DataFrame:
    """So many reference clients that the peers are only some of them."""
    return clients(1_400, seed=3)[[*frame.columns]] if TARGET in frame else frame


@pytest.fixture(scope="module")
def theme_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    steps = [("num", StandardScaler(), NUMBERS), ("text", OneHotEncoder(), [EDUCATION])]
    theme_folder = make_folder(
        tmp_path_factory.mktemp("themes") / "ressources",
        make_pipeline(ColumnTransformer(steps), lightgbm()),
        [EDUCATION, *NUMBERS],
        enlarged,
    ).path
    with (theme_folder / FEATURES_FILE).open("w", newline="") as file:
        writer = csv.DictWriter(
            file,
            ["name", "label", "unit", "group", "protected",
             "reason_high", "reason_low", "reason_missing"],
        )  # fmt: skip
        writer.writeheader()
        for number, (name, theme) in enumerate(THEME_OF.items()):
            texts = {f"reason_{way}": f"{number} is {way}" for way in ("high", "low", "missing")}
            row = {"name": name, "label": f"label {number}", "unit": "days", "group": theme}
            writer.writerow(row | {"protected": int(name == EDUCATION)} | (texts if number else {}))
    return theme_folder


@pytest.fixture(scope="module")
def http(theme_folder: Path) -> httpx.Client:
    return prepared_client(create_app(Settings(ressources_dir=theme_folder, request_log=False)))


@functools.cache
def expected_of(theme_folder: Path, compare: str) -> "PandasReasons":
    return PandasReasons(theme_folder, compare)


class PandasReasons:
    """Contributions and medians, computed by LightGBM and pandas only."""

    def __init__(self, theme_folder: Path, compare: str) -> None:
        pipeline: Pipeline = joblib.load(theme_folder / MODEL_FILE)
        self.frame = pd.read_csv(theme_folder / REFERENCE_FILE)[[EDUCATION, *NUMBERS]]
        outputs = pipeline[0].get_feature_names_out()
        owners = [EDUCATION if EDUCATION in name else name.partition("__")[2] for name in outputs]
        shap = pipeline[1].booster_.predict(
            pipeline[0].transform(self.frame), pred_contrib=True
        )[:, :-1]  # fmt: skip
        by_feature = pd.DataFrame(shap, columns=owners).T.groupby(level=0).sum().T
        score = pd.Series(pipeline.predict_proba(self.frame)[:, 1])
        if compare == "near":
            accepted = score[score < THRESHOLD]
            peers = accepted.sort_values(ascending=False, kind="stable").index[:500]
            assert len(accepted) > 500
        else:
            order = score.sort_values(kind="stable").index
            peers = order[np.linspace(0, len(order) - 1, 500).astype(int)]
        self.contributions = by_feature - by_feature.loc[peers].mean()
        self.by_theme = self.contributions.T.groupby(THEME_OF).sum().T
        self.medians = self.frame.loc[peers, NUMBERS].median()
        self.education = self.frame.loc[peers, EDUCATION].mode()[0]

    def text(self, row: int, theme: str) -> str:
        """The wording for the feature that pushed most, or a label for one without words."""
        members = self.contributions.loc[
            row, [name for name in THEME_OF if THEME_OF[name] == theme]
        ]
        strongest = str(members.idxmax())
        number, value = list(THEME_OF).index(strongest), self.frame.loc[row, strongest]
        if pd.isna(value):
            way = "missing"
        elif strongest == EDUCATION:
            is_typical = value == self.education
            typical = "as is typical" if is_typical else f"typical {self.education}"
            return f"label {number}: {value} ({typical})"
        elif value == self.medians[strongest]:
            way = ""
        else:
            way = "high" if value > self.medians[strongest] else "low"
        return f"{number} is {way}" if number and way else f"label {number}: "


@pytest.mark.parametrize("compare", ["near", "all"])
@pytest.mark.parametrize("most", [1, 10])
def test_reasons_by_theme_are_those_of_lightgbm_and_pandas(
    theme_folder: Path, http: httpx.Client, compare: str, most: int
):
    expected = expected_of(theme_folder, compare)
    exact = expected.frame[:RECORDS].astype(object).where(expected.frame.notna(), None)
    records = exact.to_dict(orient="records")
    answer = http.post(
        "/score",
        content=json.dumps([{"record": record} for record in records]),
        params={"reasons": most, "compare": compare},
    )
    assert answer.status_code == 200, answer.text
    texts = set()
    for row, found in enumerate(answer.json()):
        sizes = expected.by_theme.loc[row].sort_values(ascending=False)
        given = sizes[sizes > 0].head(most)
        assert [reason["group"] for reason in found["reasons"]] == list(given.index)
        assert found["other"] == pytest.approx(sizes.sum() - given.sum(), abs=1e-9)
        for reason in found["reasons"]:
            theme = reason["group"]
            assert reason["contribution"] == pytest.approx(given[theme], abs=1e-9)
            text = expected.text(row, theme)
            if text.endswith(": "):  # test_reason_texts.py has the values
                beside = re.escape(text) + r".+ \((as is typical|typical .+)\)"
                assert re.fullmatch(beside, reason["text"])
            else:
                assert reason["text"] == text
            assert reason["protected"] == (theme == "Past")
            texts.add(reason["text"])
            check_features(expected, row, theme, reason["features"])
    assert len(texts) > (8 if most > 1 else 5)


def check_features(expected: PandasReasons, row: int, theme: str, found: list[dict]) -> None:
    """The five features with the largest contributions come first, with value and median."""
    members = [name for name in THEME_OF if THEME_OF[name] == theme]
    contributions = expected.contributions.loc[row, members]
    sizes = contributions.abs().sort_values(ascending=False).head(NAMED)
    assert [abs(feature["contribution"]) for feature in found] == pytest.approx(
        sizes.tolist(), abs=1e-9
    )
    assert len({feature["name"] for feature in found}) == len(found)
    for feature in found:
        name = feature["name"]
        value, is_text = expected.frame.loc[row, name], name == EDUCATION
        assert feature["contribution"] == pytest.approx(contributions[name], abs=1e-9)
        assert feature["label"] == f"label {list(THEME_OF).index(name)}"
        assert feature["unit"] == "days"
        assert feature["value"] == (None if pd.isna(value) else value)
        assert feature["median"] == (None if is_text else expected.medians[name])


# Names: a request of raw values has raw names


def test_a_feature_is_not_taken_by_the_transformers_name_for_it(http: httpx.Client):
    answer = http.get(f"/sensitivity?client={CLIENT}&feature=num__AMT_CREDIT")
    assert (answer.status_code, answer.json()) == (
        404,
        {
            "detail": "unknown feature num__AMT_CREDIT (AMT_CREDIT here), not one of the 9"
            " features: /get_feat lists them"
        },
    )


@pytest.mark.parametrize("colon", [":", r"\u003a"])
@pytest.mark.parametrize(
    ("application", "detail"),
    [
        (
            {"client": CLIENT, "changes": {"num__AMT_CREDIT": 1}},
            "changes: unknown: num__AMT_CREDIT (AMT_CREDIT here)",
        ),
        (
            {"record": {"num__AMT_CREDIT": 1, "NOPE": 2}},
            "record: unknown: num__AMT_CREDIT (AMT_CREDIT here), NOPE",
        ),
    ],
)
def test_values_are_not_taken_by_the_transformers_names(
    http: httpx.Client, application: dict, detail: str, colon: str
):
    body = json.dumps(application | {"reference": "HERE"}).replace("HERE", colon)
    for path in ("/score", "/sensitivity?feature=AMT_CREDIT"):
        answer = http.post(path, content=body)
        assert (answer.status_code, answer.json()) == (422, {"detail": detail})


def test_a_plus_in_a_query_without_escapes_is_understood(http: httpx.Client):
    """As a browser's address line sends it, and as /get_kde understands it."""
    escaped = http.get(f"/sensitivity?client={CLIENT}&feature={quote(PLUS)}")
    plain = http.get(f"/sensitivity?client={CLIENT}&feature={PLUS.replace(' ', '%20')}")
    assert escaped.status_code == plain.status_code == 200
    assert plain.json() == escaped.json()
    assert plain.json()["feature"] == PLUS
