"""Bare classifiers that were fitted on texts or on pandas' categories."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV

from credit_scoring.data.artifacts import FEATURES_FILE
from main import create_app
from service.settings import Settings
from tests.kinds.containers import Classes, Stored
from tests.kinds.kind_folder import KindFolder
from tests.kinds.kinds import NUMBERS, TEXTS, lightgbm, of_library
from tests.support.servers.inprocess import prepared_client

LEVELS = {
    "BRANCH": pd.CategoricalDtype(["04000", "01000", "03000", "02000"]),
    "SUITE": pd.CategoricalDtype(["Family", "Alone", "Cousin", "Children"]),  # no client has one
}
FEATURES = [*TEXTS, *NUMBERS]


def histogram_boosting() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=8, min_samples_leaf=4, categorical_features="from_dtype"
    )


def calibrated(classifier: Any) -> CalibratedClassifierCV:
    return CalibratedClassifierCV(classifier, method="sigmoid", cv=2)


def catboost(**options: Any) -> Callable[[], Any]:
    return of_library(
        "catboost", "CatBoostClassifier", iterations=12, verbose=False, cat_features=TEXTS,
        allow_writing_files=False, thread_count=1, **options,
    )  # fmt: skip


CLASSIFIERS: dict[str, tuple[Callable[[], Any], bool]] = {
    "lightgbm": (lightgbm, True),
    "xgboost": (
        of_library("xgboost", "XGBClassifier", n_estimators=12, enable_categorical=True, n_jobs=1),
        True,
    ),
    "xgboost, 0 is missing": (
        of_library(
            "xgboost", "XGBClassifier", n_estimators=12, enable_categorical=True, missing=0.0,
            n_jobs=1,
        ),
        True,
    ),
    "catboost": (catboost(), False),
    "catboost lossguide": (catboost(grow_policy="Lossguide", one_hot_max_size=1), False),
    "histogram boosting": (histogram_boosting, True),
    "calibrated lightgbm": (lambda: calibrated(lightgbm()), True),
    "calibrated xgboost": (
        lambda: calibrated(
            of_library(
                "xgboost", "XGBClassifier", n_estimators=12, enable_categorical=True, n_jobs=1
            )()
        ),
        True,
    ),
    "calibrated histogram boosting": (lambda: calibrated(histogram_boosting()), True),
    "searched, calibrated, with a threshold": (
        lambda: FixedThresholdClassifier(
            calibrated(GridSearchCV(histogram_boosting(), {"max_iter": [8]}, cv=2)), threshold=0.3
        ),
        True,
    ),
}  # fmt: skip
# Histogram boosting below a calibration knows the categories of its fold only.
RECORD_NOTHING = ("calibrated histogram boosting", "searched, calibrated, with a threshold")


def stored(as_levels: bool) -> Callable[[Any, pd.DataFrame, Classes], Stored]:
    def cast(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[FEATURES].astype(LEVELS) if as_levels else rows[FEATURES]

    def fitted(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
        model = classifier.fit(cast(rows), classes)
        return Stored(model, lambda some: model.predict_proba(cast(some))[:, 1], FEATURES)

    return fitted


def served(name: str, path: Path) -> tuple[KindFolder, httpx.Client]:
    """A folder with a classifier, and a client of the service that has loaded it."""
    make, as_levels = CLASSIFIERS[name]
    for library in ("xgboost", "catboost"):
        if library in name:
            pytest.importorskip(library)
    folder = KindFolder(path / "ressources", make(), stored(as_levels))
    if "catboost" in name:  # it records hashes of its categories, from which no type can be told
        changes = "".join(f"{number},any,\n" for number in NUMBERS)
        kinds = "".join(f"{text},none,text\n" for text in TEXTS)
        (folder.path / FEATURES_FILE).write_text(f"name,change,kind\n{changes}{kinds}")
    return folder, prepared_client(create_app(Settings(ressources_dir=folder.path)))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_texts_score_as_the_model_scores_them(name: str, tmp_path: Path):
    folder, http = served(name, tmp_path)
    bodies = [{"client": client} for client in folder.ids]
    answers = http.post("/score", json=bodies).json()
    assert [one["probability"] for one in answers] == folder.expected
    for client, expected in zip(folder.ids, folder.expected, strict=True):
        steps = http.get("/sensitivity", params={"client": client, "feature": "SUITE"}).json()
        for suite, probability in steps["steps"]:
            assert folder.probability(client, SUITE=suite) == probability
        assert steps["probability"] == expected
    assert np.ptp(folder.expected) > 0.05


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_reasons_add_up_and_every_flip_is_the_models(name: str, tmp_path: Path):
    """Exactly: by the kernel of all trees, and by their split points.

    A margin, which is averaged over folds, adds up to something else than log-odds.
    """
    folder, http = served(name, tmp_path)
    answers = http.post(
        "/score?reasons=10", json=[{"client": client} for client in folder.ids]
    ).json()
    assert {one["explained_by"] for one in answers} == {"treeshap"}
    probability = np.array([one["probability"] for one in answers])
    sums = [sum(part["contribution"] for part in one["reasons"]) + one["other"] for one in answers]
    tolerance = 1e-5 if "xgboost" in name else 1e-10  # of single precision, in log-odds
    if "calibrated" in name:
        assert {one["contributions_in"] for one in answers} == {"margin"}
        assert spearmanr(sums, probability).statistic > 0.95
    else:
        assert np.ptp(np.log(probability / (1 - probability)) - sums) <= tolerance
    threshold = http.get("/model").json()["threshold"]
    flips = 0
    for client, score in zip(folder.ids, folder.expected, strict=True):
        answer = http.get("/alternatives", params={"client": client}).json()
        # LightGBM's codes of categories are not traced.
        assert answer["exact"] == (name != "lightgbm")
        for change in answer["alternatives"]:
            after = folder.probability(client, **{change["feature"]: change["value"]})
            assert after == change["probability"]
            assert (after >= threshold) != (score >= threshold)
            flips += 1
    assert flips
    random = np.random.default_rng(0)
    for name_of_number in NUMBERS:
        query = {"client": folder.ids[1], "feature": name_of_number}
        curve = http.get("/sensitivity", params=query).json()
        steps = curve["steps"]
        starts = np.array([start for start, _ in steps])
        whole = name_of_number in ("AGE", "CHILDREN")
        some = np.linspace(curve["low"], curve["high"], 40) + random.random(40) * 1e-3
        for value in np.floor(some) if whole else np.clip(some, curve["low"], curve["high"]):
            _, expected = steps[np.searchsorted(starts, value, "right") - 1]
            found = folder.probability(folder.ids[1], **{name_of_number: float(value)})
            assert found == expected


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_text_that_no_client_has_is_refused_or_scored_as_missing(name: str, tmp_path: Path):
    folder, http = served(name, tmp_path)
    client = folder.ids[0]

    def answer_of(suite: str) -> httpx.Response:
        body = {"client": client, "changes": {"SUITE": suite}}
        return http.post("/score?reasons=3", json=body)

    if CLASSIFIERS[name][1] and name not in RECORD_NOTHING:
        missing = float(folder.stored.probabilities(folder.new.iloc[[0]].assign(SUITE=np.nan))[0])
        assert answer_of("Uncle").json()["probability"] == missing
        assert answer_of("Cousin").json()["probability"] == folder.probability(
            client, SUITE="Cousin"
        )
    else:
        assert answer_of("Uncle").status_code == 422
        assert "category that the model does not know: SUITE" in answer_of("Uncle").text
