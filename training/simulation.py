"""A simulated population of Home Credit's shape. No client of it exists.

Everything about a client follows from a few hidden traits (discipline, age, wealth and so on): the
outcome, the application, and the credits that the aggregates are taken over.
"""

import numpy as np
import pandas as pd
from scipy.special import expit
from tqdm import tqdm  # type: ignore[import-untyped]

from credit_scoring.data.artifacts import ID, TARGET
from training.columns import Array, blank, draw, tidy
from training.credit_history import (
    aggregate,
    simulate_bureau,
    simulate_previous,
    simulate_repayment,
)
from training.home_credit import (
    BALANCE,
    BUILDING,
    BUREAU,
    CASH,
    INSTALLMENTS,
    ORGANIZATIONS,
    PREVIOUS,
    wanted,
)

CLIENTS_AT_ONCE = 10_000  # simulated together; bounds the memory, not the result's size


def simulate(clients: int, seed: int, wide: bool = False) -> pd.DataFrame:
    """Simulate a population: id, 151 features (347 with `wide`) and outcome, one client per row.

    The same seed gives the same population. Columns `DAYS_…` count from the day of the application,
    backwards where negative. The outcome is 1 for a client in default.
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
    """Simulate features and outcome of some clients, without ids."""
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
    """Simulate the application forms. Columns in lower case are hidden traits, no features."""

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
    """Simulate measures of the clients' buildings, in [0, 1]: one size is behind them all.

    Whoever leaves out a measure leaves out all those that fewer clients declare.
    """
    undeclared = rng.random(len(size))
    building = {}
    for name, (missing, median, spread, statistics) in BUILDING.items():
        own = 0.8 * size + 0.5 * rng.standard_normal(len(size))
        for statistic in wanted(statistics, wide):
            wobble = 0 if statistic == "AVG" else 0.05 * spread * rng.standard_normal(len(size))
            value = (median * np.exp(spread * own + wobble)).clip(0, 1).round(4)
            building[f"{name}_{statistic}"] = blank(value, undeclared < missing)
    return building


def ratios(a: pd.DataFrame) -> pd.DataFrame:
    """Compute the features that follow from other columns of the application."""
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
    """Draw the outcomes: 1 where the client will default.

    The log-odds of a default are linear in hidden traits and in the burden of the credit.
    """
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
