"""Simulating a population of Home Credit's shape."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from tqdm import tqdm  # type: ignore[import-untyped]

from credit_scoring.files import ID, TARGET
from training.home_credit import (
    BALANCE,
    BUILDING,
    BUREAU,
    CASH,
    CREDIT_TYPES,
    INSTALLMENTS,
    NOT_YET,
    OFFICES,
    ORGANIZATIONS,
    PORTFOLIOS,
    PREVIOUS,
    REJECT_REASONS,
    RETURNING,
    SELLERS,
    SHOPS,
    TOLERATED_DELAY,
    TRAITS,
    WEEKDAYS,
    wanted,
)

CLIENTS_AT_ONCE = 10_000  # simulated together; bounds the memory, not the result's size

Array: TypeAlias = NDArray[Any]


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
