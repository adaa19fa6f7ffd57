"""A simulated population of Home Credit's shape. None of its clients exists.

A few hidden traits of a client (discipline, age, wealth and so on) determine the outcome, the
application, and the credits that are aggregated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit
from tqdm import tqdm  # type: ignore[import-untyped]

from credit_scoring.data.artifacts import ID, TARGET
from credit_scoring.data.features.formulas import parse
from training.features.dictionary import home_credit_rows
from training.population.columns import Array, blank, draw, tidy
from training.population.credit_history import (
    aggregate,
    simulate_bureau,
    simulate_previous,
    simulate_repayment,
)
from training.population.home_credit import BUILDING, ORGANIZATIONS

CLIENTS_AT_ONCE = 10_000  # in a chunk; bounds the memory, not the size of the population


@dataclass(frozen=True)
class Shift:
    """Differences of a population from the usual one.

    Attributes:
        discipline, wealth: added to hidden traits, whose standard deviation is 1.
        log_odds: added to the log-odds of a default.
    """

    discipline: float = 0.0
    wealth: float = 0.0
    log_odds: float = 0.0


@dataclass(frozen=True, eq=False)
class Applicants:
    """Simulated applicants without ids.

    Attributes:
        features: one applicant per row.
        log_odds: the true log-odds of a default, shape (applicants,).
    """

    features: pd.DataFrame
    log_odds: Array


USUAL = Shift()


def simulate(clients: int, seed: int, wide: bool = False, shift: Shift = USUAL) -> pd.DataFrame:
    """Simulate a population: id, 151 features (347 with `wide`) and outcome, one client per row.

    The same seed gives the same population. Columns `DAYS_…` count from the day of the application;
    negative days lie before it. The outcome is 1 for a client in default.
    """
    starts = range(0, clients, CLIENTS_AT_ONCE)
    *seeds, id_seed = np.random.SeedSequence(seed).spawn(len(starts) + 1)
    population = pd.concat(
        [
            simulate_chunk(
                np.random.default_rng(s), min(CLIENTS_AT_ONCE, clients - start), wide, shift
            )
            for s, start in tqdm([*zip(seeds, starts, strict=True)], "simulating", disable=None)
        ],
        ignore_index=True,
    )
    ids = np.random.default_rng(id_seed).choice(max(356_255, 2 * clients), clients, replace=False)
    return pd.concat([pd.Series(100_001 + ids, name=ID), population], axis=1)


def simulate_chunk(
    rng: np.random.Generator, clients: int, wide: bool, shift: Shift
) -> pd.DataFrame:
    """Simulate features and outcome of some clients, without ids."""
    applicants = simulate_applicants(rng, clients, wide, shift)
    defaults = rng.random(clients) < expit(applicants.log_odds)
    outcome = pd.Series(defaults, name=TARGET, dtype=int)
    return pd.concat([applicants.features, outcome], axis=1)


def simulate_applicants(
    rng: np.random.Generator, clients: int, wide: bool, shift: Shift
) -> Applicants:
    """Simulate features and true risks of some clients, without ids."""
    rows = home_credit_rows()
    features = list(rows.index if wide else rows.index[rows["wide"] == ""])
    application = simulate_application(rng, clients, features, shift)
    bureau, balance = simulate_bureau(rng, application)
    previous = simulate_previous(rng, application)
    cash, installments = simulate_repayment(rng, application, previous)
    parts = [
        application,
        aggregate(bureau, "bureau", features),
        aggregate(balance, "client_bureau_balance", features),
        aggregate(previous, "previous", features),
        aggregate(cash, "client_cash", features),
        aggregate(installments, "client_installments", features),
        pd.DataFrame(derived_features(application)),
    ]
    table = pd.concat(parts, axis=1)
    return Applicants(tidy(table[features]), log_odds(application) + shift.log_odds)


def simulate_application(
    rng: np.random.Generator, clients: int, features: Sequence[str], shift: Shift
) -> pd.DataFrame:
    """Simulate the application forms. Columns in lower case are hidden traits, not features."""

    def noise() -> Array:
        return rng.standard_normal(clients)

    def chance(probability: Array | float) -> Array:
        return np.less(rng.random(clients), probability)

    discipline, wealth, home = noise() + shift.discipline, noise() + shift.wealth, noise()
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
            **simulate_building(rng, home + 0.3 * wealth, features),
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
        }
    ).pipe(tidy)


def simulate_building(
    rng: np.random.Generator, size: Array, features: Sequence[str]
) -> dict[str, Array]:
    """Simulate measures of the clients' buildings, in [0, 1], which depend on one hidden size.

    A client who leaves out a measure also leaves out all measures that fewer clients declare.
    """
    undeclared = rng.random(len(size))
    building = {}
    for name, (missing, median, spread) in BUILDING.items():
        own = 0.8 * size + 0.5 * rng.standard_normal(len(size))
        for statistic in (s for s in ("AVG", "MODE", "MEDI") if f"{name}_{s}" in features):
            wobble = 0 if statistic == "AVG" else 0.05 * spread * rng.standard_normal(len(size))
            value = (median * np.exp(spread * own + wobble)).clip(0, 1).round(4)
            building[f"{name}_{statistic}"] = blank(value, undeclared < missing)
    return building


def derived_features(application: pd.DataFrame) -> dict[str, Array]:
    """Compute the features that follow from other columns, most by the formulas of a file."""
    texts = home_credit_rows()["formula"]
    formulas = {str(name): parse(text) for name, text in texts.items() if text}
    columns = {str(name): values.to_numpy(float) for name, values in application.items()}
    scores = application[["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"]]
    return {name: formula(columns) for name, formula in formulas.items()} | {
        "INCOME_PER_PERSON": columns["AMT_INCOME_TOTAL"] / columns["family"],
        "APPS_EXT_SOURCE_STD": scores.std(axis=1).to_numpy(),
        "APP_SCORE1_TO_FAM_CNT_RATIO": columns["EXT_SOURCE_1"] / columns["family"],
        "APP_SCORE2_TO_REGION_RATING_RATIO": columns["EXT_SOURCE_2"] / columns["region_rating"],
    }


def log_odds(a: pd.DataFrame) -> Array:
    """Compute the log-odds of a default, linear in hidden traits and in the credit's burden."""
    burden = np.log(a["AMT_ANNUITY"].fillna(27_000) / a["AMT_INCOME_TOTAL"] / 0.17)
    found = (
        -2.96
        - 1.34 * a["discipline"]
        - 0.25 * a["maturity"]
        + 0.25 * burden.clip(-1, 1.5)
        + 0.12 * (a["region_rating"] - 2)
        - 0.25 * a["CODE_GENDER_F"]
        - 0.3 * a["NAME_EDUCATION_TYPE_Higher education"]
        + 0.2 * (a["DAYS_EMPLOYED"] > -700)
    )
    return np.asarray(found, float)
