"""Make the files the service loads: model, reference clients, new clients and the facts about them.

    python train.py                        a simulated population of Home Credit's shape
    python train.py --data clients.csv     a labelled table of your own

A table has one client per row: `SK_ID_CURR` (an integer, each once), `TARGET` (1 = in default,
0 = solvent) and any number of numeric or text features, with or without missing values. True and
False become 1 and 0; columns without a name (row numbers) and a column `proba` are ignored, so that
the reference file of an earlier run is itself such a table.

The clients are split three ways, each part with the table's share of defaults. The number of trees
and the threshold are chosen by cross-validation among the *training* clients alone. *Reference* and
*new* clients are held out of every fit and every choice; the quality is measured on them.

The model is a pipeline of two steps, a transformer (impute, scale, encode) and a LightGBM
classifier with balanced class weights. The weights lift the probability of class 1 far above the
share of defaults: it ranks clients, and is read against the threshold. The threshold is the one of
least cost among training clients, where a missed default costs ten times a good client refused.

The same seed gives the same clients, the same bytes in both tables and the same predictions.
"""

import argparse
import hashlib
import json
import platform
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeAlias

import joblib
import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm, rankdata
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder
from tqdm import tqdm  # type: ignore[import-untyped]

from credit_scoring import loading, tables
from credit_scoring.errors import BadFile
from credit_scoring.files import (
    ID,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    PROBA,
    REFERENCE_FILE,
    ROW_NUMBER,
    TARGET,
)

OUT = Path(__file__).with_name("ressources")
REFERENCE_CLIENTS, NEW_CLIENTS = 2_000, 500
SIMULATED_TRAINING_CLIENTS = 30_000
CLIENTS_AT_ONCE = 10_000  # simulated together; bounds the memory, not the result's size

COST_MISSED_DEFAULT, COST_REFUSED_CLIENT = 10, 1
USED = ("scikit-learn", "lightgbm", "pandas", "numpy", "joblib")
THRESHOLDS = np.arange(1001) / 1000
FOLDS = 5
TREES = range(25, 401, 25)  # how many to choose from
MISSING = "missing"  # the category of texts that are not there
FEWEST_TRAINING, FEWEST_HELD_OUT = 2 * FOLDS, 2  # clients of either class

Array: TypeAlias = NDArray[Any]

# ---------------------------------------------------------------- what a simulated client has
#
# Statistics after `|` are computed with --wide only, which gives Home Credit's 347 features.
# Tables of aggregates read "statistics": "columns"; `NAME_x` is 1 where text column `NAME` says x.

# name: share missing, median, spread (of the logarithm), statistics
BUILDING = {
    "APARTMENTS": (0.490, 0.087, 0.80, "AVG | MODE MEDI"),
    "BASEMENTAREA": (0.553, 0.075, 0.75, "AVG | MODE MEDI"),
    "YEARS_BEGINEXPLUATATION": (0.473, 0.981, 0.01, "AVG | MODE MEDI"),
    "YEARS_BUILD": (0.652, 0.742, 0.12, "AVG | MODE"),
    "COMMONAREA": (0.676, 0.021, 1.20, "AVG | MODE MEDI"),
    "ENTRANCES": (0.490, 0.138, 0.50, "AVG"),
    "FLOORSMAX": (0.488, 0.167, 0.50, "AVG"),
    "LANDAREA": (0.570, 0.048, 0.85, "AVG | MODE MEDI"),
    "LIVINGAPARTMENTS": (0.662, 0.075, 0.80, "AVG | MODE MEDI"),
    "LIVINGAREA": (0.482, 0.073, 0.85, "AVG | MODE MEDI"),
    "NONLIVINGAREA": (0.527, 0.003, 1.80, "AVG | MODE MEDI"),
    "TOTALAREA": (0.473, 0.067, 0.85, "MODE"),
}
BUREAU = {
    "mean max | min sum": "DAYS_CREDIT, DAYS_CREDIT_ENDDATE, DAYS_ENDDATE_FACT",
    "mean max sum | min": "AMT_CREDIT_SUM",
    "sum": "AMT_CREDIT_SUM_DEBT",
    "| mean max sum": "AMT_CREDIT_SUM_LIMIT",
    "max": "AMT_CREDIT_SUM_OVERDUE",
    "mean | max min sum": "DAYS_CREDIT_UPDATE",
    "count count_norm": "CREDIT_ACTIVE_Active, CREDIT_TYPE_Credit card",
    "count_norm": (
        "CREDIT_ACTIVE_Closed, CREDIT_TYPE_Car loan, CREDIT_TYPE_Microloan, CREDIT_TYPE_Mortgage"
    ),
    "count_norm | count": "CREDIT_TYPE_Consumer credit",
}
BALANCE = {
    "mean | min sum": "MONTHS_BALANCE_count",
    "| mean min": "MONTHS_BALANCE_mean, STATUS_X_count",
    "| mean min sum": "MONTHS_BALANCE_max, MONTHS_BALANCE_sum",
    "| mean": "MONTHS_BALANCE_min",
    "| mean max sum": "STATUS_0_count",
    "mean | max min sum": "STATUS_0_count_norm",
    "mean": "STATUS_1_count_norm",
    "| mean sum": "STATUS_C_count",
    "mean | max sum": "STATUS_C_count_norm",
    "| sum": "STATUS_X_count_norm",
}
PREVIOUS = {
    "mean": (
        "CHANNEL_TYPE_AP+ (Cash loan), CHANNEL_TYPE_Contact center, CHANNEL_TYPE_Regional / Local, "
        "CODE_REJECT_REASON_HC, CODE_REJECT_REASON_SCO, NAME_CLIENT_TYPE_New, "
        "NAME_CONTRACT_STATUS_Approved, NAME_CONTRACT_STATUS_Refused, "
        "NAME_CONTRACT_TYPE_Cash loans, NAME_GOODS_CATEGORY_Furniture, NAME_PORTFOLIO_POS, "
        "NAME_PRODUCT_TYPE_walk-in, NAME_YIELD_GROUP_low_action, "
        "PRODUCT_COMBINATION_Cash Street: high, PRODUCT_COMBINATION_Cash X-Sell: high, "
        "PRODUCT_COMBINATION_POS industry with interest"
    ),
    "| mean": (
        "CHANNEL_TYPE_Channel of corporate sales, CHANNEL_TYPE_Credit and cash offices, "
        "CHANNEL_TYPE_Stone, CODE_REJECT_REASON_XAP, NAME_CLIENT_TYPE_Refreshed, "
        "NAME_CONTRACT_STATUS_Canceled, NAME_GOODS_CATEGORY_Clothing and Accessories, "
        "NAME_GOODS_CATEGORY_Mobile, NAME_PAYMENT_TYPE_Cash through the bank, "
        "NAME_PAYMENT_TYPE_XNA, NAME_PRODUCT_TYPE_XNA, NAME_PRODUCT_TYPE_x-sell, "
        "NAME_SELLER_INDUSTRY_Connectivity, NAME_SELLER_INDUSTRY_Consumer electronics, "
        "NAME_SELLER_INDUSTRY_Furniture, NAME_TYPE_SUITE_Family, NAME_TYPE_SUITE_Unaccompanied, "
        "NAME_YIELD_GROUP_low_normal, NAME_YIELD_GROUP_middle, "
        "PRODUCT_COMBINATION_Cash X-Sell: low, PRODUCT_COMBINATION_Cash X-Sell: middle, "
        "PRODUCT_COMBINATION_POS household with interest, "
        "PRODUCT_COMBINATION_POS mobile with interest, WEEKDAY_APPR_PROCESS_START_SATURDAY, "
        "WEEKDAY_APPR_PROCESS_START_SUNDAY, DAYS_FIRST_DRAWING"
    ),
    "mean | sum": "NAME_YIELD_GROUP_high",
    "| sum": "WEEKDAY_APPR_PROCESS_START_WEDNESDAY",
    "mean | max min": "AMT_ANNUITY, AMT_APPLICATION",
    "mean sum | max min": "AMT_CREDIT",
    "mean | max min sum": "AMT_DOWN_PAYMENT, RATE_DOWN_PAYMENT",
    "| mean max min sum": "HOUR_APPR_PROCESS_START, DAYS_LAST_DUE_1ST_VERSION",
    "| mean min": "AMT_GOODS_PRICE",
    "mean max | min sum": "DAYS_DECISION",
    "mean | max sum": "CNT_PAYMENT",
    "| mean max sum": "DAYS_FIRST_DUE",
    "| mean min sum": "DAYS_LAST_DUE, DAYS_TERMINATION",
}
CASH = {
    "| count": "NAME_CONTRACT_STATUS_XNA_mean",
    "| mean": (
        "NAME_CONTRACT_STATUS_Signed_mean, NAME_CONTRACT_STATUS_Signed_sum, CNT_INSTALMENT_count, "
        "CNT_INSTALMENT_max, CNT_INSTALMENT_FUTURE_max"
    ),
    "| max": "NAME_CONTRACT_STATUS_Completed_mean",
    "mean | max min sum": "NAME_CONTRACT_STATUS_Active_mean",
    "| mean sum": "NAME_CONTRACT_STATUS_Active_sum, MONTHS_BALANCE_min",
    "mean | min sum": "MONTHS_BALANCE_mean, MONTHS_BALANCE_max",
    "| mean min sum": "MONTHS_BALANCE_sum",
    "mean | max min": "CNT_INSTALMENT_mean",
    "| mean max min": "CNT_INSTALMENT_FUTURE_mean",
    "| sum": "CNT_INSTALMENT_min",
    "| max min sum": "CNT_INSTALMENT_sum",
    "| mean max": "CNT_INSTALMENT_FUTURE_min",
    "| min sum": "CNT_INSTALMENT_FUTURE_sum",
    "| min": "SK_DPD_mean",
    "mean max": "SK_DPD_DEF_max",
}
INSTALLMENTS = {
    "mean": "NUM_INSTALMENT_VERSION_count, DAYS_INSTALMENT_mean, DAYS_ENTRY_PAYMENT_max",
    "mean | max sum": "NUM_INSTALMENT_VERSION_mean",
    "| mean sum": "NUM_INSTALMENT_VERSION_max",
    "| mean": "NUM_INSTALMENT_VERSION_min",
    "| mean max sum": "NUM_INSTALMENT_VERSION_sum, AMT_INSTALMENT_sum",
    "| mean max min": "NUM_INSTALMENT_NUMBER_mean",
    "| sum": "NUM_INSTALMENT_NUMBER_min",
    "| mean min sum": "DAYS_INSTALMENT_max",
    "| mean min": (
        "DAYS_INSTALMENT_min, DAYS_INSTALMENT_sum, DAYS_ENTRY_PAYMENT_min, DAYS_ENTRY_PAYMENT_sum"
    ),
    "mean | min": "DAYS_ENTRY_PAYMENT_mean",
    "mean | max min sum": "AMT_INSTALMENT_mean, AMT_PAYMENT_mean, AMT_PAYMENT_min",
    "| mean max min sum": "AMT_INSTALMENT_min",
    "sum | mean max min": "AMT_PAYMENT_sum",
}
TRAITS = ["discipline", "AMT_INCOME_TOTAL"]  # of the client, that child tables depend on
PORTFOLIOS = {"POS": 0.5, "Cash": 0.42, "Cards": 0.08}
ORGANIZATIONS = {"Construction": 0.022, "Military": 0.009, "Self-employed": 0.125, "": 0.844}
SELLERS = {
    "Consumer electronics": 0.44,
    "Connectivity": 0.3,
    "Furniture": 0.1,
    "Clothing and Accessories": 0.05,
    "Construction": 0.11,
}
CREDIT_TYPES = {
    "Consumer credit": 0.735,
    "Credit card": 0.22,
    "Car loan": 0.017,
    "Mortgage": 0.015,
    "Microloan": 0.013,
}
SHOPS = {"Country-wide": 0.54, "Stone": 0.27, "Regional / Local": 0.17, "Car dealer": 0.02}
OFFICES = {
    "Credit and cash offices": 0.77,
    "Contact center": 0.09,
    "AP+ (Cash loan)": 0.08,
    "Channel of corporate sales": 0.02,
    "Country-wide": 0.04,
}
REJECT_REASONS = {"HC": 0.6, "SCO": 0.18, "LIMIT": 0.16, "SCOFR": 0.06}
RETURNING = {"Repeater": 0.84, "Refreshed": 0.16}
WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
TOLERATED_DELAY = 20  # days
NOT_YET = 365_243  # Home Credit's day for what has not happened yet


def wanted(statistics: str, wide: bool) -> list[str]:
    """The statistics of a line above: those before `|`, with `wide` those after it too."""
    usual, _, more = statistics.partition("|")
    return usual.split() + (more.split() if wide else [])


# ---------------------------------------------------------------- simulating a population


def simulate(clients: int, seed: int, wide: bool = False) -> pd.DataFrame:
    """A population of Home Credit's shape: id, 151 features (347 with `wide`) and outcome.

    Everything about a client follows from a few hidden traits (discipline, age, wealth and so on):
    the outcome, the application, and the child tables that the aggregates are taken over.
    """
    starts = range(0, clients, CLIENTS_AT_ONCE)
    *seeds, id_seed = np.random.SeedSequence(seed).spawn(len(starts) + 1)
    population = pd.concat(
        [
            simulate_chunk(np.random.default_rng(s), min(CLIENTS_AT_ONCE, clients - start), wide)
            for s, start in tqdm([*zip(seeds, starts, strict=True)], "simulating", disable=None)
        ],
        ignore_index=True,
    )
    ids = np.random.default_rng(id_seed).choice(max(356_255, 2 * clients), clients, replace=False)
    return pd.concat([pd.Series(100_001 + ids, name=ID), population], axis=1)


def simulate_chunk(rng: np.random.Generator, clients: int, wide: bool) -> pd.DataFrame:
    """Features and outcome of some clients, without ids."""
    application = simulate_application(rng, clients, wide)
    bureau, balance = simulate_bureau(rng, application)
    previous = simulate_previous(rng, application)
    cash, installments = simulate_repayment(rng, application, previous)
    parts = [
        application,
        aggregate(bureau, "bureau", BUREAU, wide),
        aggregate(balance, "client_bureau_balance", BALANCE, wide),
        aggregate(previous, "previous", PREVIOUS, wide),
        aggregate(cash, "client_cash", CASH, wide),
        aggregate(installments, "client_installments", INSTALLMENTS, wide),
        ratios(application),
        outcome(rng, application),
    ]
    table = pd.concat(parts, axis=1)
    return tidy(table[[name for name in table if not str(name).islower()]])


def simulate_application(rng: np.random.Generator, clients: int, wide: bool) -> pd.DataFrame:
    """The application form; columns in lower case are hidden traits, no features."""

    def noise() -> Array:
        return rng.standard_normal(clients)

    def chance(probability: Array | float) -> Array:
        return np.less(rng.random(clients), probability)

    discipline, wealth, home = noise(), noise(), noise()
    years = 20.5 + 48.5 * rng.beta(1.7, 1.8, clients)
    maturity = (years - 44) / 11.4
    woman = chance(0.68)
    higher = chance(expit(-1.25 + 0.5 * wealth))
    pensioner = chance(0.95 * expit((years - 56.8) / 1.8))
    servant = ~pensioner & chance(0.09)
    employed_days = np.minimum(
        1650 * np.exp(0.95 * noise() + 0.22 * maturity + 0.15 * discipline), 365 * (years - 18)
    ).clip(40)

    region = rng.beta(1.7, 4.4, clients) * 0.0725
    rating = 2 - (region + 0.008 * noise() > 0.038) + (region + 0.01 * noise() < 0.003)
    worth = 0.38 * wealth + 0.18 * higher - 0.2 * woman - 0.15 * pensioner - 0.08 * (rating - 2)
    income = (172 / 4.5 * np.exp(worth + 0.2 * noise())).round().clip(6) * 4500
    goods = 370_000 * (income / 150_000) ** 0.55 * np.exp(0.65 * noise() + 0.05 * maturity)
    goods = ((goods / 22_500).round().clip(2) * 22_500).clip(max=4_050_000)
    insured = 1 + chance(0.7) * (0.08 + 0.3 * rng.beta(1.2, 2.5, clients))
    credit = (goods * insured / 4.5).round() * 4.5
    months = np.exp(2.86 + 0.32 * np.log(goods / 370_000).clip(-2, 2) + 0.3 * noise()).clip(9, 36)
    annuity = (credit * (1 / months + 0.0045) / 4.5).round() * 4.5

    score_1 = 0.1 + 0.7 * maturity + 0.5 * discipline + 0.25 * higher + 0.2 * woman + 0.6 * noise()
    score_2 = 0.6 + 0.62 * discipline + 0.12 * maturity - 0.45 * (rating - 2) + 0.85 * noise()
    score_3 = 0.25 + 0.62 * discipline + 0.18 * maturity + 0.8 * noise()
    owner = chance(expit(-0.55 + 0.35 * wealth - 0.6 * woman))
    lives = rng.poisson(1.4, clients)
    late = rng.poisson(np.exp(-2.3 - 0.35 * discipline) * (lives > 0))
    organization = np.where(pensioner, "", draw(rng, clients, ORGANIZATIONS))
    phone = -1 - rng.gamma(1.9, 620, clients).round()
    documents = chance(0.98)
    return pd.DataFrame(
        {
            "discipline": discipline,
            "maturity": maturity,
            "family": 1 + (rng.random(clients) < 0.72) + rng.poisson(0.42, clients),
            "region_rating": rating,
            "AMT_INCOME_TOTAL": income,
            "AMT_CREDIT": credit,
            "AMT_ANNUITY": blank(annuity, chance(0.001)),
            "AMT_GOODS_PRICE": goods,
            "REGION_POPULATION_RELATIVE": (region.clip(0.0003) * 1000).round(1) / 1000,
            "DAYS_BIRTH": -(365.25 * years).round(),
            "DAYS_EMPLOYED": blank(-employed_days.round(), pensioner),
            "DAYS_REGISTRATION": -(rng.beta(1.1, 3.0, clients) * 470 * years).round(),
            "DAYS_ID_PUBLISH": -(6200 * rng.beta(1.7, 1.8 - 0.25 * maturity.clip(-2, 2))).round(),
            "OWN_CAR_AGE": blank(rng.gamma(1.6, 7.2, clients).round().clip(max=65), ~owner),
            "FLAG_WORK_PHONE": chance(0.2),
            "REGION_RATING_CLIENT_W_CITY": (rating - chance(0.03)).clip(1),
            "HOUR_APPR_PROCESS_START": (12 + 3.2 * noise()).round().clip(0, 23),
            "REG_CITY_NOT_LIVE_CITY": chance(expit(-2.45 - 0.4 * maturity)),
            "EXT_SOURCE_1": blank(0.95 * expit(score_1), chance(0.5)),
            "EXT_SOURCE_2": blank(0.855 * expit(score_2), chance(0.002)),
            "EXT_SOURCE_3": blank(0.9 * expit(score_3), chance(0.195)),
            **simulate_building(rng, home + 0.3 * wealth, wide),
            "OBS_30_CNT_SOCIAL_CIRCLE": lives + late,
            "DEF_30_CNT_SOCIAL_CIRCLE": late,
            "DEF_60_CNT_SOCIAL_CIRCLE": rng.binomial(late, 0.7),
            "DAYS_LAST_PHONE_CHANGE": blank(phone, chance(0.13)),
            "CODE_GENDER_F": woman,
            "NAME_INCOME_TYPE_State servant": servant,
            "NAME_INCOME_TYPE_Working": ~pensioner & ~servant & chance(0.63),
            "NAME_EDUCATION_TYPE_Higher education": higher,
            "NAME_EDUCATION_TYPE_Secondary / secondary special": ~higher & chance(0.94),
            "NAME_FAMILY_STATUS_Married": chance(0.65),
            "OCCUPATION_TYPE_Core staff": ~pensioner & chance(0.12),
            "ORGANIZATION_TYPE_Construction": organization == "Construction",
            "ORGANIZATION_TYPE_Military": organization == "Military",
            "ORGANIZATION_TYPE_Self-employed": organization == "Self-employed",
            "DOCUMENT_COUNT": documents,
            "NEW_DOC_KURT": 20 * documents,  # kurtosis of twenty flags of which one is set
        }
    ).pipe(tidy)


def simulate_building(rng: np.random.Generator, size: Array, wide: bool) -> dict[str, Array]:
    """Normalised measures of the client's building: one size behind all, missing together."""
    undeclared = rng.random(len(size))
    building = {}
    for name, (missing, median, spread, statistics) in BUILDING.items():
        own = 0.8 * size + 0.5 * rng.standard_normal(len(size))
        for statistic in wanted(statistics, wide):
            wobble = 0 if statistic == "AVG" else 0.05 * spread * rng.standard_normal(len(size))
            value = (median * np.exp(spread * own + wobble)).clip(0, 1).round(4)
            building[f"{name}_{statistic}"] = blank(value, undeclared < missing)
    return building


def simulate_bureau(
    rng: np.random.Generator, application: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Credits elsewhere, known to the credit bureau, and each one's monthly balances summed up."""
    counts = rng.negative_binomial(1.6, 0.205, len(application)) + 1
    client = np.repeat(application.index, counts * (rng.random(len(application)) < 0.855))
    discipline, income = (application[name].to_numpy()[client] for name in TRAITS)
    size = len(client)
    kind = draw(rng, size, CREDIT_TYPES)
    card = kind == "Credit card"
    opened = np.round(-2922 * rng.beta(1.15, 1.55 + 0.16 * (-discipline).clip(-2, 2), size)) - 2
    term = np.where(card, 3000, 600) * np.exp(0.7 * rng.standard_normal(size))
    planned = (opened + term + (kind == "Mortgage") * 5000).round()
    closed_early = rng.random(size) < expit(-1.4 + 0.5 * discipline - opened / 2000)
    active = (planned > 0) & ~closed_early
    ended = np.where(planned > 0, opened * rng.random(size), planned).round().clip(max=-1)
    amount = (np.select([card, kind == "Mortgage", kind == "Microloan"], [0.5, 10, 0.1], 1.3)
              * income * np.exp(0.9 * rng.standard_normal(size))).round(2)  # fmt: skip
    left = rng.beta((2 - 0.4 * discipline).clip(0.4), 1.2, size)
    overdue = active & (rng.random(size) < expit(-4.6 - 0.9 * discipline))
    bureau = pd.DataFrame(
        {
            "client": client,
            "DAYS_CREDIT": opened,
            "DAYS_CREDIT_ENDDATE": blank(planned, rng.random(size) < 0.06),
            "DAYS_ENDDATE_FACT": blank(ended, active),
            "AMT_CREDIT_SUM": amount,
            "AMT_CREDIT_SUM_DEBT": (amount * left * active).round(2),
            "AMT_CREDIT_SUM_LIMIT": blank((amount * (1 - left) * (card & active)).round(2),
                                          rng.random(size) < 0.3),
            "AMT_CREDIT_SUM_OVERDUE": (amount * 0.05 * rng.random(size) * overdue).round(2),
            "DAYS_CREDIT_UPDATE": np.where(active, -rng.gamma(1, 25, size), ended).round(),
            "CREDIT_ACTIVE": np.where(active, "Active", "Closed"),
            "CREDIT_TYPE": kind,
        }
    )  # fmt: skip
    months = (1 + -opened / 30.44).astype(int)
    closed = np.where(active, 0, (-ended / 30.44)).astype(int).clip(max=months - 1)
    unknown = rng.binomial(months - closed, rng.beta(0.5, 1.0, size))
    late = rng.binomial(months - closed - unknown, 0.05 * expit(-0.6 - 0.9 * discipline))
    paid = months - closed - unknown - late
    last = -(rng.random(size) < 0.045).astype(int)
    balance = pd.DataFrame(
        {"client": client, **month_run(last - months + 1, months, "MONTHS_BALANCE")}
    )
    for status, count in (("0", paid), ("1", late), ("C", closed), ("X", unknown)):
        balance[f"STATUS_{status}_count"] = count
        balance[f"STATUS_{status}_count_norm"] = count / months
    return bureau, balance


def simulate_previous(rng: np.random.Generator, application: pd.DataFrame) -> pd.DataFrame:
    """Earlier applications to the same lender, oldest first within each client."""
    counts = rng.negative_binomial(1.5, 0.26, len(application)) + 1
    client = np.repeat(application.index, counts * (rng.random(len(application)) < 0.965))
    discipline, income = (application[name].to_numpy()[client] for name in TRAITS)
    size = len(client)
    decided = np.round(-2900 * rng.beta(1.0, 1.6 + 0.16 * (-discipline).clip(-2, 2), size)) - 3
    decided = decided[np.lexsort((decided, client))]
    first = np.append(True, client[1:] != client[:-1])

    portfolio = np.where(first & (rng.random(size) < 0.8), "POS", draw(rng, size, PORTFOLIOS))
    pos, cash, cards = (portfolio == name for name in ("POS", "Cash", "Cards"))
    refused = rng.random(size) < expit(-2.6 - 0.45 * discipline + 1.1 * ~pos - first)
    canceled = ~refused & (rng.random(size) < np.where(cash, 0.36, 0.015))
    approved = ~refused & ~canceled
    seller = np.where(pos, draw(rng, size, SELLERS), "XNA")
    goods = np.where(seller == "Connectivity", "Mobile", seller)
    trade = np.select([seller == "Consumer electronics", goods == "Mobile"],
                      ["household", "mobile"], "industry").astype(object)  # fmt: skip
    offer = np.where(rng.random(size) < 0.66, "x-sell", "walk-in")
    dear = np.searchsorted([-1.35, -0.4, 0.45], rng.normal(-0.35 * discipline))
    level = np.array(["low", "low", "middle", "high"], dtype=object)[dear]
    grade = np.array(["low_action", "low_normal", "middle", "high"], dtype=object)[dear]
    channel = np.where(pos, draw(rng, size, SHOPS), draw(rng, size, OFFICES))

    median = np.select([pos, cash], [68_000, 240_000], 180_000)
    wish = median * (income / 150_000) ** 0.4 * rng.lognormal(0, np.where(pos, 0.6, 0.8))
    wish = (wish / 45).round().clip(100) * 45
    asked = wish * ~(canceled & (rng.random(size) < 0.8))
    down = rng.beta(1.2, 8.0, size) * (rng.random(size) < 0.62)
    credit = (asked * np.where(pos, 1.06 - down, 1.12) / 4.5).round() * 4.5
    payments = np.where(pos, rng.choice([6, 10, 12, 18, 24], size, p=[0.2, 0.3, 0.3, 0.1, 0.1]),
                        rng.choice([6, 12, 18, 24, 36, 48, 60], size)) * ~cards  # fmt: skip
    annuity = (credit * np.where(cards, 0.05, 1 / payments.clip(1) + 0.006 + 0.007 * dear)).round(2)

    kept = payments - (rng.random(size) < 0.3) * np.floor(payments * rng.beta(1, 2, size))
    start = decided + 30 + rng.integers(0, 8, size)
    planned = np.where(cards, NOT_YET, start + 30 * (payments - 1))
    ended = np.where(cards, NOT_YET, start + 30 * (kept - 1).clip(0))
    ended = np.where(ended > 0, NOT_YET, ended)
    return pd.DataFrame(
        {
            "client": client,
            "approved": approved,
            "kept": kept,  # instalments paid in the end: fewer than agreed after an early repayment
            "CHANNEL_TYPE": channel,
            "CODE_REJECT_REASON": np.where(refused, draw(rng, size, REJECT_REASONS), "XAP"),
            "NAME_CLIENT_TYPE": np.where(first, "New", draw(rng, size, RETURNING)),
            "NAME_CONTRACT_STATUS": np.select(
                [refused, canceled], ["Refused", "Canceled"], "Approved"
            ),
            "NAME_CONTRACT_TYPE": np.select(
                [pos, cash], ["Consumer loans", "Cash loans"], "Revolving loans"
            ),
            "NAME_GOODS_CATEGORY": goods,
            "NAME_PAYMENT_TYPE": np.where(
                canceled | (rng.random(size) < 0.2), "XNA", "Cash through the bank"
            ),
            "NAME_PORTFOLIO": np.where(canceled, "XNA", portfolio),
            "NAME_PRODUCT_TYPE": np.where(pos | canceled, "XNA", offer),
            "NAME_SELLER_INDUSTRY": seller,
            "NAME_TYPE_SUITE": draw(rng, size, {"Unaccompanied": 0.34, "Family": 0.16, "": 0.5}),
            "NAME_YIELD_GROUP": np.where(canceled | cards, "XNA", grade),
            "PRODUCT_COMBINATION": np.select(
                [canceled | cards, pos, offer == "x-sell"],
                ["XNA", "POS " + trade + " with interest", "Cash X-Sell: " + level],
                "Cash Street: " + level,
            ),
            "WEEKDAY_APPR_PROCESS_START": rng.choice(WEEKDAYS, size),
            "AMT_ANNUITY": blank(annuity, asked == 0),
            "AMT_APPLICATION": asked,
            "AMT_CREDIT": credit,
            "AMT_DOWN_PAYMENT": blank((asked * down).round(2), ~pos),
            "AMT_GOODS_PRICE": blank(wish, asked == 0),
            "HOUR_APPR_PROCESS_START": rng.normal(12.9, 3.2, size).round().clip(0, 23),
            "RATE_DOWN_PAYMENT": blank(down, ~pos),
            "DAYS_DECISION": decided,
            "CNT_PAYMENT": blank(payments, asked == 0),
            "DAYS_FIRST_DRAWING": blank(np.where(cards, start, NOT_YET), ~approved),
            "DAYS_FIRST_DUE": blank(start, ~approved),
            "DAYS_LAST_DUE_1ST_VERSION": blank(planned, ~approved),
            "DAYS_LAST_DUE": blank(ended, ~approved),
            "DAYS_TERMINATION": blank(np.where(ended == NOT_YET, ended, ended + 7), ~approved),
        }
    )


def simulate_repayment(
    rng: np.random.Generator, application: pd.DataFrame, previous: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Monthly balances and instalments of the approved earlier credits, one row per credit."""
    loans = previous[previous["approved"] & (previous["DAYS_FIRST_DUE"] < 0)].reset_index(drop=True)
    start = loans["DAYS_FIRST_DUE"].to_numpy()
    since = (-start // 30.44 + 1).astype(int)  # months since the first due date, with its own
    card = (loans["CNT_PAYMENT"] == 0).to_numpy()
    due = np.where(card, since, np.minimum(since, loans["kept"])).astype(int)

    loan = np.repeat(loans.index, due)
    number = np.arange(len(loan)) - np.repeat(due.cumsum() - due, due) + 1
    discipline = application["discipline"].to_numpy()[loans["client"]]
    habit = (discipline + 0.6 * rng.standard_normal(len(loans)))[loan]
    is_late = rng.random(len(loan)) < expit(-2.9 - 0.8 * habit)
    days_late = rng.gamma(0.8, 9 - 2.5 * habit.clip(-2, 2))
    delay = np.where(is_late, days_late, -rng.gamma(1.4, 8, len(loan))).round()
    last = (number == due[loan]) & ~card[loan]
    settled = last & (due == loans["kept"])[loan].to_numpy()
    early = (loans["CNT_PAYMENT"] - loans["kept"]).to_numpy()[loan] * settled
    owed = loans["AMT_ANNUITY"].to_numpy()[loan] * (1 + 0.9 * early)
    owed = np.where(card[loan], owed * rng.random(len(loan)), owed).round(2)
    short = rng.random(len(loan)) < 0.35 * expit(-1.9 - 0.7 * habit)
    payments = pd.DataFrame(
        {
            "NUM_INSTALMENT_VERSION": np.where(card[loan], 0, 1 + (early > 0)),
            "NUM_INSTALMENT_NUMBER": number,
            "DAYS_INSTALMENT": start[loan] + 30 * (number - 1),
            "DAYS_ENTRY_PAYMENT": start[loan] + 30 * (number - 1) + delay,
            "AMT_INSTALMENT": owed,
            "AMT_PAYMENT": np.where(short, owed * rng.random(len(loan)), owed).round(2),
        }
    ).groupby(loan).agg(["count", "mean", "max", "min", "sum"])  # fmt: skip
    payments.columns = payments.columns.map("_".join)
    payments["client"] = loans["client"]

    agreed, done = loans["CNT_PAYMENT"], due == loans["kept"]
    months = due + done
    signed = rng.binomial(1, 0.06, len(loans)) * (months > 2)
    overdue = pd.Series((delay - TOLERATED_DELAY).clip(0)).groupby(loan).agg(["sum", "max"])
    cash = pd.DataFrame(
        {
            "client": loans["client"],
            "NAME_CONTRACT_STATUS_XNA_mean": 0.0,
            "NAME_CONTRACT_STATUS_Signed_sum": signed,
            "NAME_CONTRACT_STATUS_Signed_mean": signed / months,
            "NAME_CONTRACT_STATUS_Completed_mean": done / months,
            "NAME_CONTRACT_STATUS_Active_sum": months - signed - done,
            "NAME_CONTRACT_STATUS_Active_mean": (months - signed - done) / months,
            **month_run(-since, months, "MONTHS_BALANCE"),
            "CNT_INSTALMENT_count": months,
            **{f"CNT_INSTALMENT_{statistic}": agreed for statistic in ("mean", "max", "min")},
            "CNT_INSTALMENT_sum": agreed * months,
            **month_run(agreed - months + 1, months, "CNT_INSTALMENT_FUTURE"),
            "SK_DPD_mean": overdue["sum"] / months,
            "SK_DPD_DEF_max": overdue["max"],
        }
    )
    # Home Credit's aggregates count a credit once for each of its months or payments.
    return cash.loc[cash.index.repeat(months * ~card)], payments.loc[loan]


def month_run(first: Array, months: Array, name: str) -> dict[str, Array]:
    """Statistics of the whole numbers `first` … `first + months - 1`, one run per credit."""
    last = first + months - 1
    mean = (first + last) / 2
    return {
        f"{name}_count": months,
        f"{name}_mean": mean,
        f"{name}_max": last,
        f"{name}_min": first,
        f"{name}_sum": mean * months,
    }


def aggregate(
    children: pd.DataFrame, prefix: str, aggregates: Mapping[str, str], wide: bool
) -> pd.DataFrame:
    """One row per client who has children: `prefix_column_statistic` for each aggregate."""
    table = {}
    for statistics, columns in aggregates.items():
        for name in columns.split(", "):
            if name in children:
                values, translated = children[name], {}
            else:
                column = next(c for c in children if name.startswith(f"{c}_"))
                values = children[column] == name.removeprefix(f"{column}_")
                translated = {"count": "sum", "count_norm": "mean"}
            groups = values.groupby(children["client"].to_numpy())
            for statistic in wanted(statistics, wide):
                how = translated.get(statistic, statistic)
                table[f"{prefix}_{name}_{statistic}"] = groups.agg(how)
    return pd.DataFrame(table)


def ratios(a: pd.DataFrame) -> pd.DataFrame:
    """Features computed from the application's own columns."""
    scores = a[["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"]]
    one, two, three = (scores[name] for name in scores)
    birth, employed, phone = a["DAYS_BIRTH"], a["DAYS_EMPLOYED"], a["DAYS_LAST_PHONE_CHANGE"]
    income, credit, goods = a["AMT_INCOME_TOTAL"], a["AMT_CREDIT"], a["AMT_GOODS_PRICE"]
    return pd.DataFrame(
        {
            "EXT_SOURCES_PROD": one * two * three,
            "EXT_SOURCES_WEIGHTED": 2 * one + two + 3 * three,
            "EXT_SOURCES_MIN": scores.min(axis=1),
            "EXT_SOURCES_MAX": scores.max(axis=1),
            "EXT_SOURCES_MEAN": scores.mean(axis=1),
            "EXT_SOURCES_NANMEDIAN": scores.median(axis=1),
            "EXT_SOURCES_VAR": scores.var(axis=1, ddof=0),
            "DAYS_EMPLOYED_PERC": employed / birth,
            "INCOME_CREDIT_PERC": income / credit,
            "INCOME_PER_PERSON": income / a["family"],
            "ANNUITY_INCOME_PERC": a["AMT_ANNUITY"] / income,
            "PAYMENT_RATE": a["AMT_ANNUITY"] / credit,
            "CREDIT_TO_GOODS_RATIO": credit / goods,
            "INCOME_TO_BIRTH_RATIO": income / birth,
            "ID_TO_BIRTH_RATIO": a["DAYS_ID_PUBLISH"] / birth,
            "CAR_TO_BIRTH_RATIO": a["OWN_CAR_AGE"] / birth,
            "CAR_TO_EMPLOYED_RATIO": a["OWN_CAR_AGE"] / employed,
            "PHONE_TO_BIRTH_RATIO": phone / birth,
            "APPS_EXT_SOURCE_STD": scores.std(axis=1),
            "APP_SCORE1_TO_BIRTH_RATIO": one / (birth / 365.25),
            "APP_SCORE2_TO_BIRTH_RATIO": two / (birth / 365.25),
            "APP_SCORE3_TO_BIRTH_RATIO": three / (birth / 365.25),
            "APP_EXT_SOURCE_2*EXT_SOURCE_3*DAYS_BIRTH": two * three * birth,
            "APP_SCORE1_TO_FAM_CNT_RATIO": one / a["family"],
            "APP_SCORE1_TO_GOODS_RATIO": one / goods,
            "APP_SCORE1_TO_CREDIT_RATIO": one / credit,
            "APP_SCORE1_TO_SCORE3_RATIO": one / three,
            "APP_SCORE2_TO_CREDIT_RATIO": two / credit,
            "APP_SCORE2_TO_REGION_RATING_RATIO": two / a["region_rating"],
            "APP_SCORE2_TO_CITY_RATING_RATIO": two / a["REGION_RATING_CLIENT_W_CITY"],
            "APP_SCORE2_TO_POP_RATIO": two / a["REGION_POPULATION_RELATIVE"],
            "APP_SCORE2_TO_PHONE_CHANGE_RATIO": two / phone,
            "APP_EXT_SOURCE_1*EXT_SOURCE_2": one * two,
            "APP_EXT_SOURCE_1*EXT_SOURCE_3": one * three,
            "APP_EXT_SOURCE_2*EXT_SOURCE_3": two * three,
            "APP_EXT_SOURCE_1*DAYS_EMPLOYED": one * employed,
            "APP_EXT_SOURCE_2*DAYS_EMPLOYED": two * employed,
            "APP_EXT_SOURCE_3*DAYS_EMPLOYED": three * employed,
            "APPS_GOODS_INCOME_RATIO": goods / income,
            "APP_DAYS_EMPLOYED_DAYS_BIRTH_diff": employed - birth,
        }
    )


def outcome(rng: np.random.Generator, a: pd.DataFrame) -> pd.Series:
    """1 where the client will default: hidden traits and the burden of the credit decide."""
    burden = np.log(a["AMT_ANNUITY"].fillna(27_000) / a["AMT_INCOME_TOTAL"] / 0.17)
    log_odds = (
        -2.96
        - 1.34 * a["discipline"]
        - 0.25 * a["maturity"]
        + 0.25 * burden.clip(-1, 1.5)
        + 0.12 * (a["region_rating"] - 2)
        - 0.25 * a["CODE_GENDER_F"]
        - 0.3 * a["NAME_EDUCATION_TYPE_Higher education"]
        + 0.2 * (a["DAYS_EMPLOYED"] > -700)
    )
    return pd.Series(rng.random(len(a)) < expit(log_odds), name=TARGET, dtype=int)


def draw(rng: np.random.Generator, size: int, shares: Mapping[str, float]) -> Array:
    """`size` names, each with its share."""
    return np.array(list(shares), dtype=object)[rng.choice(len(shares), size, p=[*shares.values()])]


def blank(values: Array, where: Array) -> Array:
    """The values, missing where told."""
    return np.where(where, np.nan, values)


def tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Seven significant digits, but amounts to the cent; flags as 0 and 1, whole columns as int."""
    values = table.to_numpy(dtype=float)
    with np.errstate(divide="ignore"):
        digits = 6 - np.floor(np.log10(np.abs(values)))
    scale = 10.0 ** np.where(np.isfinite(digits), digits.clip(2, 15), 0)
    rounded = pd.DataFrame(np.round(values * scale) / scale, table.index, table.columns)
    whole = ~(values % 1 != 0).any(axis=0)
    return rounded.astype(dict.fromkeys(table.columns[whole], int))


# ---------------------------------------------------------------- reading and splitting a table


def read_table(path: Path) -> pd.DataFrame:
    """A labelled table: id, features (numbers or texts) and outcome.

    Raises:
        BadFile: the file cannot be read, or a column is missing, repeated or holds what it may not.
    """
    table, _ = tables.read_table(path)
    unnamed = [name for position, name in enumerate(table) if name == f"Unnamed: {position}"]
    table = table.drop(columns=[*unnamed, ROW_NUMBER, PROBA], errors="ignore")
    for name in (ID, TARGET):
        if name not in table:
            raise BadFile(path.name, f"lacks the column {name}")
    if table[ID].dtype != np.int64:
        raise BadFile(path.name, f"column {ID}: a value is missing or no integer")
    if table[ID].duplicated().any():
        raise BadFile(path.name, f"column {ID}: {table[ID].mode()[0]} more than once")
    if not table[TARGET].isin([0, 1]).all():
        raise BadFile(path.name, f"column {TARGET}: a value is missing or neither 0 nor 1")
    if table[TARGET].nunique() == 1:
        raise BadFile(path.name, f"column {TARGET}: is {table[TARGET].iloc[0]:.0f} everywhere")

    flags = table.columns[[dtype in (bool, object) for dtype in table.dtypes]]
    table = table.astype({**dict.fromkeys(flags, float), TARGET: int})
    check_features(path.name, table.drop(columns=[ID, TARGET]))
    return table


def check_features(file: str, features: pd.DataFrame) -> None:
    """There are some, they are finite, and what the transformer calls them is unambiguous."""
    if features.columns.empty:
        raise BadFile(file, f"has no feature beside {ID} and {TARGET}")
    numbers = features.select_dtypes("number")
    if infinite := [name for name in numbers if np.isinf(numbers[name]).any()]:
        raise BadFile(file, f"column {infinite[0]}: a value is infinite")
    names = [str(name) for name in numbers]
    for text in features.columns.difference(numbers.columns):
        values = {*features[text].dropna(), MISSING, "infrequent_sklearn"}
        names += [f"{text}_{value}" for value in values]
    if twice := repeated(names):
        raise BadFile(file, f"column {twice} is also what a value of a text column is called")


def repeated(names: Iterable[str]) -> str | None:
    """A name that is there more than once, if any; no name is none."""
    return min((name for name, count in Counter(names).items() if name and count > 1), default=None)


class Split(NamedTuple):
    """Three tables of the same columns; the last two are held out."""

    training: pd.DataFrame
    reference: pd.DataFrame
    new: pd.DataFrame


def split(
    table: pd.DataFrame, reference_clients: int, new_clients: int, seed: int, source: str
) -> Split:
    """Shuffle the clients into three, the held-out ones with the table's share of defaults.

    Raises:
        BadFile: too few clients of a class would be left on one side.
    """
    held_out = reference_clients + new_clients
    fewest = table[TARGET].value_counts().min()
    share = held_out / len(table)
    if fewest * (1 - share) < FEWEST_TRAINING or fewest * share < FEWEST_HELD_OUT:
        raise BadFile(
            source,
            f"too few clients: {held_out} of {len(table)} are held out, and one class has {fewest}"
            f" in all; each needs {FEWEST_TRAINING} in training and {FEWEST_HELD_OUT} held out",
        )
    training, rest = train_test_split(
        table, test_size=held_out, stratify=table[TARGET], random_state=seed
    )
    return Split(training, rest[:reference_clients], rest[reference_clients:])


# ---------------------------------------------------------------- fitting


def unfitted(features: pd.DataFrame, seed: int) -> Pipeline:
    """The unfitted pipeline for these features: impute, scale or encode, then classify."""
    numbers = list(features.select_dtypes("number"))
    number = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), MinMaxScaler()
    )
    text = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=MISSING),
        OneHotEncoder(max_categories=20, handle_unknown="infrequent_if_exist", sparse_output=False),
    )
    transformer = ColumnTransformer(
        [("number", number, numbers), ("text", text, list(features.columns.difference(numbers)))],
        verbose_feature_names_out=False,
    )
    classifier = LGBMClassifier(
        n_estimators=TREES[-1],
        learning_rate=0.03,
        num_leaves=15,
        min_child_samples=40,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.4,
        reg_lambda=5.0,
        class_weight="balanced",
        random_state=seed,
        n_jobs=2,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )
    return Pipeline([("transformer", transformer), ("classifier", classifier)])


def fit(pipeline: Pipeline, clients: pd.DataFrame) -> Pipeline:
    """A fitted copy; the classifier sees an array, since LightGBM refuses names such as `a: b`."""
    transformer, classifier = (clone(step) for _, step in pipeline.steps)
    with tqdm(None, "fitting trees", classifier.n_estimators, disable=None) as progress:
        classifier.fit(
            transformer.fit_transform(clients.drop(columns=[ID, TARGET])),
            clients[TARGET].to_numpy(),
            callbacks=[lambda _: progress.update()],
        )
    return Pipeline([("transformer", transformer), ("classifier", classifier)])


def cross_validate(
    pipeline: Pipeline, training: pd.DataFrame, seed: int
) -> tuple[int, NDArray[np.float64]]:
    """The number of trees that ranks best, and each client's probability from the other folds."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    probabilities = np.empty((len(TREES), len(training)))
    for fitted, checked in folds.split(training, training[TARGET]):
        transformer, classifier = fit(pipeline, training.iloc[fitted])
        rows = transformer.transform(training.iloc[checked])
        for row, trees in enumerate(TREES):
            staged = classifier.predict_proba(rows, num_iteration=trees)
            probabilities[row, checked] = staged[:, 1]
    best = np.argmax([roc_auc_score(training[TARGET], row) for row in probabilities])
    return TREES[best], probabilities[best]


# ---------------------------------------------------------------- measuring


def costs(
    target: Array, probability: Array, thresholds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean cost per client at each threshold, in refused good clients.

    A client is refused where ``probability >= threshold``. Shapes: (clients,), (clients,), (k,).
    """
    bad, good = (np.sort(probability[target == value]) for value in (1, 0))
    missed = np.searchsorted(bad, thresholds)
    refused = len(good) - np.searchsorted(good, thresholds)
    return (COST_MISSED_DEFAULT * missed + COST_REFUSED_CLIENT * refused) / len(target)


def cheapest_threshold(target: Array, probability: Array) -> float:
    """The threshold of least mean cost, to three decimals; the lowest of several."""
    return float(THRESHOLDS[costs(target, probability, THRESHOLDS).argmin()])


def auc_interval(target: Array, probability: Array) -> tuple[float, float, float]:
    """Area under the ROC curve and its 95 % interval, after DeLong et al. (1988).

    The variance is that of the placement values, which come from mid-ranks as in Sun and Xu (2014),
    "Fast implementation of DeLong's algorithm", IEEE Signal Processing Letters 21(11).
    """
    bad, good = probability[target == 1], probability[target == 0]
    ranks = rankdata(np.concatenate([bad, good]))
    above = (ranks[: len(bad)] - rankdata(bad)) / len(good)  # share of good clients ranked below
    below = 1 - (ranks[len(bad) :] - rankdata(good)) / len(bad)  # share of bad clients above
    auc = above.mean()
    margin = norm.ppf(0.975) * np.sqrt(above.var(ddof=1) / len(bad) + below.var(ddof=1) / len(good))
    return float(auc), float(max(auc - margin, 0)), float(min(auc + margin, 1))


def quality(held_out: pd.DataFrame, probability: Array, threshold: float) -> dict[str, float]:
    """What the model is worth on clients whom it has never seen; costs per client."""
    target = held_out[TARGET].to_numpy()
    auc, low, high = auc_interval(target, probability)
    chosen, half, accept_all = costs(target, probability, np.array([threshold, 0.5, np.inf]))
    figures = {
        "auc": auc,
        "auc_95_low": low,
        "auc_95_high": high,
        "default_rate": target.mean(),
        "cost_per_client": chosen,
        "cost_per_client_at_0.5": half,
        "cost_per_client_accepting_all": accept_all,
    }
    rounded = {name: round(float(value), 4) for name, value in figures.items()}
    return {"held_out_clients": len(target), **rounded}


# ---------------------------------------------------------------- writing


def write(out: Path, pipeline: Pipeline, parts: Split, facts: dict[str, Any]) -> dict[str, Any]:
    """Write the four files, once the service accepts them, and return what `model.json` says."""
    features = parts.reference.columns.drop([ID, TARGET])
    probability = pipeline.predict_proba(parts.reference[features])[:, 1]
    reference = parts.reference[[ID, *features, TARGET]].copy()
    reference[PROBA] = probability
    with tempfile.TemporaryDirectory(prefix=".train-", dir=out) as name:
        folder = Path(name)
        joblib.dump(pipeline, folder / MODEL_FILE, compress=3)
        reference.to_csv(folder / REFERENCE_FILE, lineterminator="\n")
        parts.new[[ID, *features]].to_csv(folder / NEW_FILE, lineterminator="\n")
        hashes = {
            file: hashlib.sha256((folder / file).read_bytes()).hexdigest()
            for file in (MODEL_FILE, REFERENCE_FILE, NEW_FILE)
        }
        facts = facts | {"sha256": hashes}
        (folder / METADATA_FILE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        loading.load(folder)
        # Each file appears whole. The hashes come first, so that a service which starts in between
        # refuses the mixture of old and new files instead of serving it.
        for file in (METADATA_FILE, *hashes):
            (folder / file).replace(out / file)
    return facts


def report(out: Path, parts: Split, facts: dict[str, Any]) -> None:
    """Print what came out."""
    sizes = [len(part) for part in parts]
    figures = facts["quality"]
    print(
        f"clients    {sum(sizes):,}: {sizes[0]:,} training, {sizes[1]:,} reference,"
        f" {sizes[2]:,} new; {parts.training.shape[1] - 2} features",
        f"defaults   {figures['default_rate']:.2%} of the held-out clients (reference and new)",
        f"AUC        {figures['auc']:.3f} on them, 95 % interval {figures['auc_95_low']:.3f} to"
        f" {figures['auc_95_high']:.3f}, with {facts['trees']} trees",
        f"threshold  {facts['threshold']:.3f}, of least cost where a missed default costs"
        f" {COST_MISSED_DEFAULT} refused good clients",
        f"cost       {figures['cost_per_client']:.3f} per client;"
        f" {figures['cost_per_client_at_0.5']:.3f} at threshold 0.5,"
        f" {figures['cost_per_client_accepting_all']:.3f} accepting all",
        *(f"{(out / file).stat().st_size:>10,} bytes  {out / file}  SHA-256 {sha256}"
          for file, sha256 in facts["sha256"].items()),
        sep="\n",
    )  # fmt: skip


# ---------------------------------------------------------------- the command


class Parser(argparse.ArgumentParser):
    """Refuses with one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and leave with exit code 2."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())}\n")


def whole(low: int, high: int) -> Callable[[str], int]:
    """A type of option: a whole number from `low` to `high`."""

    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text} is not a whole number from {low} to {high}")
        return int(text)

    return read


def train(options: argparse.Namespace) -> None:
    """Do what the options say, from the table to the report."""
    reference_clients, new_clients = options.reference_clients, options.new_clients
    if options.data:
        table = read_table(options.data)
        reference_clients = reference_clients or min(REFERENCE_CLIENTS, len(table) // 5)
        new_clients = new_clients or min(NEW_CLIENTS, len(table) // 10)
        source = options.data.name
    else:
        reference_clients = reference_clients or REFERENCE_CLIENTS
        new_clients = new_clients or NEW_CLIENTS
        clients = SIMULATED_TRAINING_CLIENTS + reference_clients + new_clients
        table = simulate(clients, options.seed, options.wide)
        source = f"simulated population, seed {options.seed}"
    parts = split(table, reference_clients, new_clients, options.seed, source)
    del table  # the parts are copies
    options.out.mkdir(parents=True, exist_ok=True)

    pipeline = unfitted(parts.training.drop(columns=[ID, TARGET]), options.seed)
    trees, out_of_fold = cross_validate(pipeline, parts.training, options.seed)
    threshold = cheapest_threshold(parts.training[TARGET].to_numpy(), out_of_fold)
    pipeline = fit(pipeline.set_params(classifier__n_estimators=trees), parts.training)

    held_out = pd.concat([parts.reference, parts.new])
    probability = pipeline.predict_proba(held_out)[:, 1]
    facts = {
        "threshold": threshold,
        "trained": datetime.now(UTC).date().isoformat(),
        "source": source,
        "training_clients": len(parts.training),
        "trees": trees,
        "quality": quality(held_out, probability, threshold),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in USED},
    }
    facts = write(options.out, pipeline, parts, facts)
    report(options.out, parts, facts)


def main() -> None:
    """Read the command line; a file or an option that will not do ends with one line and code 2."""
    parser = Parser(description="Make the files the service loads.", prog="train.py")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data", type=Path, metavar="CSV", help="a labelled table of your own")
    source.add_argument("--wide", action="store_true", help="simulate 347 features, not 150")
    parser.add_argument("--out", type=Path, default=OUT, help="folder (default: %(default)s)")
    parser.add_argument("--seed", type=whole(0, 2**32 - 1), default=42, help="default: 42")
    many = whole(1, 1_000_000)
    parser.add_argument("--reference-clients", type=many, metavar="N",
                        help="default: 2,000, of a table at most a fifth")  # fmt: skip
    parser.add_argument("--new-clients", type=many, metavar="N",
                        help="default: 500, of a table at most a tenth")  # fmt: skip
    try:
        train(parser.parse_args())
    except (BadFile, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
