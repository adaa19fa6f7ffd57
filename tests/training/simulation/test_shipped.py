"""The shipped files: what `python -m training` makes."""

import hashlib
import json
import shutil
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    ID,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    PROBA,
    REFERENCE_FILE,
    SKOPS_FILE,
    TARGET,
)
from credit_scoring.data.model_file import read_model
from credit_scoring.model.loader import load
from credit_scoring.model.scorecard import Scorecard
from tests.support.servers.server import ROOT
from tests.training.bank import read
from training.features.dictionary import home_credit
from training.population.simulation import simulate
from training.quality import COST_MISSED_DEFAULT, costs

SHIPPED = ROOT / "ressources"
TABLES = (REFERENCE_FILE, NEW_FILE)
ALWAYS_THERE = ["AMT_INCOME_TOTAL", "AMT_CREDIT", "AMT_GOODS_PRICE", "DAYS_BIRTH", "CODE_GENDER_F"]


@pytest.fixture(scope="module")
def shipped():
    tables = {file: read(SHIPPED, file) for file in TABLES}
    return (
        tables[REFERENCE_FILE],
        tables[NEW_FILE],
        json.loads((SHIPPED / METADATA_FILE).read_text()),
    )


def test_shipped_metadata_is_that_of_the_shipped_files(shipped):
    reference, new, metadata = shipped
    hashes = {
        file: hashlib.sha256((SHIPPED / file).read_bytes()).hexdigest()
        for file in (MODEL_FILE, SKOPS_FILE, *TABLES, FEATURES_FILE)
    }
    assert metadata["sha256"] == hashes
    assert metadata["source"] == "simulated population, seed 42"
    assert metadata["quality"]["held_out_clients"] == len(reference) + len(new)
    assert 0.74 <= metadata["quality"]["auc"] <= 0.80
    assert 0.075 <= metadata["quality"]["default_rate"] <= 0.085


def test_shipped_tables_have_home_credits_shape(shipped):
    reference, new, _ = shipped
    features = list(reference.columns.drop([ID, TARGET, PROBA]))
    assert list(new.columns) == [ID, *features]
    assert features == [name for name in simulate(20, seed=1) if name not in (ID, TARGET)]
    assert (len(reference), len(new)) == (2000, 500)
    assert 110 <= len(features) <= 160
    assert {
        "previous_CHANNEL_TYPE_AP+ (Cash loan)_mean",
        "previous_PRODUCT_COMBINATION_Cash Street: high_mean",
        "NAME_EDUCATION_TYPE_Secondary / secondary special",
        "APP_EXT_SOURCE_1*EXT_SOURCE_2",
        "bureau_CREDIT_ACTIVE_Active_count_norm",
    } <= {*features}
    clients = pd.concat([reference, new])
    assert clients[ID].is_unique
    assert clients[ID].between(100_000, 999_999).all()
    assert not new[ID].is_monotonic_increasing
    assert all(pd.api.types.is_numeric_dtype(dtype) for dtype in clients.dtypes)
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 8_000_000


def test_shipped_tables_miss_values_where_home_credits_do(shipped):
    clients = pd.concat(shipped[:2])
    missing = clients.drop(columns=[TARGET, PROBA]).isna()
    assert (
        missing.mean()[["OWN_CAR_AGE", "EXT_SOURCE_1", "EXT_SOURCE_3"]]
        .between([0.6, 0.4, 0.15], [0.8, 0.6, 0.25])
        .all()
    )
    assert not missing[ALWAYS_THERE].any(axis=None)
    pensioner = missing["DAYS_EMPLOYED"]
    assert clients.loc[pensioner, "DAYS_BIRTH"].median() < -55 * 365
    assert (clients.loc[pensioner, "NAME_INCOME_TYPE_Working"] == 0).all()
    for prefix in ("bureau_DAYS_CREDIT_m", "client_installments_AMT_", "previous_DAYS_DECISION"):
        together = missing[[name for name in missing if name.startswith(prefix)]]
        assert together.any(axis=None)
        assert (together.all(axis=1) == together.any(axis=1)).all()
    # Who leaves out what most declare leaves out what few declare.
    assert missing.loc[missing["TOTALAREA_MODE"], "COMMONAREA_AVG"].all()


def test_shipped_ratios_follow_from_their_parents(shipped):
    c = pd.concat(shipped[:2])
    scores = c[["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"]]
    expected = {
        "INCOME_CREDIT_PERC": c["AMT_INCOME_TOTAL"] / c["AMT_CREDIT"],
        "ANNUITY_INCOME_PERC": c["AMT_ANNUITY"] / c["AMT_INCOME_TOTAL"],
        "CREDIT_TO_GOODS_RATIO": c["AMT_CREDIT"] / c["AMT_GOODS_PRICE"],
        "DAYS_EMPLOYED_PERC": c["DAYS_EMPLOYED"] / c["DAYS_BIRTH"],
        "CAR_TO_BIRTH_RATIO": c["OWN_CAR_AGE"] / c["DAYS_BIRTH"],
        "EXT_SOURCES_MEAN": scores.mean(axis=1),
        "EXT_SOURCES_PROD": scores.prod(axis=1, skipna=False),
        "APP_EXT_SOURCE_1*EXT_SOURCE_2": c["EXT_SOURCE_1"] * c["EXT_SOURCE_2"],
        "APP_SCORE1_TO_CREDIT_RATIO": c["EXT_SOURCE_1"] / c["AMT_CREDIT"],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(c[name], values, rtol=1e-9, err_msg=name)


def test_shipped_probabilities_are_the_models_own(shipped):
    reference, new, metadata = shipped
    model = joblib.load(SHIPPED / MODEL_FILE).set_params(classifier__n_jobs=1)
    features = new.columns.drop(ID)
    assert list(model.named_steps) == ["transformer", "classifier"]
    assert list(model[0].get_feature_names_out()) == list(features)
    probability = model.predict_proba(reference[features])[:, 1]
    np.testing.assert_array_equal(probability, reference[PROBA])

    known = costs(reference[TARGET].to_numpy(), probability, np.array([metadata["threshold"]]))
    assert known[0] < reference[TARGET].mean() * COST_MISSED_DEFAULT
    refused = model.predict_proba(new[features])[:, 1] >= metadata["threshold"]
    assert 0.1 < refused.mean() < 0.6


def test_both_shipped_models_give_the_same(shipped, tmp_path):
    reference, _, _ = shipped
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "ressources"))
    found = []
    for file in (MODEL_FILE, SKOPS_FILE):
        bundle = load(folder)
        found.append((bundle.model_file, bundle.classifier.probabilities(bundle.transformed)))
        model = read_model(folder, {}).model.set_params(classifier__n_jobs=1)
        probability = model.predict_proba(reference[list(bundle.features)])[:, 1]
        np.testing.assert_array_equal(probability, reference[PROBA])
        (folder / file).unlink()
    assert [file for file, _ in found] == [MODEL_FILE, SKOPS_FILE]
    np.testing.assert_array_equal(*(scores for _, scores in found))


def test_shipped_features_are_described(shipped):
    _, new, _ = shipped
    dictionary = load(SHIPPED).dictionary
    assert (SHIPPED / FEATURES_FILE).read_bytes() == home_credit(list(new.columns.drop(ID)))
    assert len(dictionary.formulas) == 37
    assert dictionary.follow({"AMT_CREDIT"}) == (
        [
            "INCOME_CREDIT_PERC", "PAYMENT_RATE", "CREDIT_TO_GOODS_RATIO",
            "APP_SCORE1_TO_CREDIT_RATIO", "APP_SCORE2_TO_CREDIT_RATIO",
        ],
        [],
    )  # fmt: skip
    assert dictionary.follow({"AMT_INCOME_TOTAL"})[1] == ["INCOME_PER_PERSON"]


def test_shipped_probabilities_of_default_are_the_share_that_defaults(shipped):
    reference, _, metadata = shipped
    scale = Scorecard.of_metadata(metadata)
    pd_ = np.array([scale.pd(log_odds) for log_odds in logit(reference[PROBA])])
    assert pd_.mean() == pytest.approx(reference[TARGET].mean(), abs=0.012)  # two standard errors
    quality = metadata["quality"]
    assert 0.06 < quality["brier"] < quality["brier_of_default_rate"]
    for entry in quality["bins"]:
        error = np.sqrt(entry["mean_pd"] * (1 - entry["mean_pd"]) / entry["clients"])
        assert abs(entry["default_rate"] - entry["mean_pd"]) < 3 * error
    by_grade = reference[TARGET].groupby([scale.grade(p) for p in pd_]).mean()
    assert list(by_grade.index) == [*"ABCDEF"]
    assert by_grade.is_monotonic_increasing
