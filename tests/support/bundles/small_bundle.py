"""A folder of the shipped files' kind that is loaded and prepared at once."""

import shutil
from pathlib import Path

import joblib
import pandas as pd
from sklearn.pipeline import make_pipeline

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    ID,
    MODEL_FILE,
    NEW_FILE,
    REFERENCE_FILE,
    SKOPS_FILE,
    TARGET,
)
from tests.support.bundles.artefacts import imputed_and_scaled, lightgbm
from tests.support.bundles.folders import write_metadata

REFERENCE, NEW = 150, 60  # clients
TREES = 40
FEATURES = [
    # Features that formulas use, that may change or that law protects; and their formulas.
    "AMT_INCOME_TOTAL", "AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE", "DAYS_BIRTH",
    "DAYS_EMPLOYED", "DAYS_ID_PUBLISH", "OWN_CAR_AGE", "CODE_GENDER_F",
    "NAME_FAMILY_STATUS_Married", "EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3",
    "EXT_SOURCES_MEAN", "EXT_SOURCES_NANMEDIAN", "DAYS_EMPLOYED_PERC", "INCOME_CREDIT_PERC",
    "ANNUITY_INCOME_PERC", "PAYMENT_RATE", "CREDIT_TO_GOODS_RATIO", "CAR_TO_BIRTH_RATIO",
    "APPS_GOODS_INCOME_RATIO", "APP_EXT_SOURCE_1*EXT_SOURCE_2",
    # The document's examples have them.
    "FLAG_WORK_PHONE", "YEARS_BUILD_AVG", "DEF_30_CNT_SOCIAL_CIRCLE",
    "ORGANIZATION_TYPE_Construction", "bureau_DAYS_ENDDATE_FACT_max",
    "bureau_CREDIT_TYPE_Credit card_count_norm", "previous_CHANNEL_TYPE_AP+ (Cash loan)_mean",
    "previous_NAME_PORTFOLIO_POS_mean", "previous_AMT_CREDIT_sum",
    "client_cash_SK_DPD_DEF_max_mean", "client_installments_AMT_PAYMENT_sum_sum",
    "INCOME_PER_PERSON", "APP_SCORE1_TO_BIRTH_RATIO", "APP_SCORE2_TO_CITY_RATING_RATIO",
    "REGION_RATING_CLIENT_W_CITY", "APP_DAYS_EMPLOYED_DAYS_BIRTH_diff",
]  # fmt: skip


def few_clients(folder: Path, out: Path) -> None:
    """Write a folder of few clients, few features and a small model of these."""
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns(SKOPS_FILE))
    dictionary = pd.read_csv(out / FEATURES_FILE, dtype=str, keep_default_na=False)
    dictionary[dictionary["name"].isin(FEATURES)].to_csv(out / FEATURES_FILE, index=False)
    reference, new = (pd.read_csv(out / name, index_col=0) for name in (REFERENCE_FILE, NEW_FILE))
    features = [name for name in new if name in set(FEATURES)]
    pipeline = make_pipeline(imputed_and_scaled(features), lightgbm())
    # Balanced as the shipped one, so that some clients are refused.
    pipeline[-1].set_params(n_estimators=TREES, class_weight="balanced")
    pipeline.fit(reference[features], reference[TARGET])
    joblib.dump(pipeline, out / MODEL_FILE, compress=3)
    ends = [name for name in reference if name not in set(new)]
    reference["proba"] = pipeline.predict_proba(reference[features])[:, 1]
    reference[[ID, *features, *ends]][:REFERENCE].to_csv(out / REFERENCE_FILE)
    new[[ID, *features]][:NEW].to_csv(out / NEW_FILE)
    write_metadata(out)
