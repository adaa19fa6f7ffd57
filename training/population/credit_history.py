"""Simulated credits of each client, elsewhere and at the same lender, and their aggregates.

Each table has one credit per row; `client` is the row of its application. Days and months count
from the day of the application; negative ones lie before it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.special import expit

from training.population.columns import Array, blank, draw
from training.population.home_credit import (
    CREDIT_TYPES,
    NOT_YET,
    OFFICES,
    PORTFOLIOS,
    REJECT_REASONS,
    RETURNING,
    SELLERS,
    SHOPS,
    TOLERATED_DELAY,
    TRAITS,
    WEEKDAYS,
)

STATISTICS = "count_norm|count|mean|max|min|sum"


def simulate_bureau(
    rng: np.random.Generator, application: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Credits elsewhere, known to the credit bureau, and the summary of each one's months.

    Returns:
        Two tables of the same credits in the same order: the credits, and for each of them the
        statistics of its monthly balances.
    """
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
    """Monthly balances and instalments of the approved earlier credits.

    Returns:
        Two tables of statistics per credit. A credit is repeated for each of its months in the
        first, and for each of its instalments in the second.
    """
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
    """Statistics of the whole numbers from `first` to `first + months - 1`, one run per credit.

    The arguments and each statistic have the shape (credits,).
    """
    last = first + months - 1
    mean = (first + last) / 2
    return {
        f"{name}_count": months,
        f"{name}_mean": mean,
        f"{name}_max": last,
        f"{name}_min": first,
        f"{name}_sum": mean * months,
    }


def aggregate(children: pd.DataFrame, prefix: str, features: Iterable[str]) -> pd.DataFrame:
    """Aggregate the credits of each client.

    Args:
        children: one credit per row.
        prefix: how the names of the aggregates begin.
        features: names; `prefix_column_statistic` is computed. Column `NAME_x` is 1 if text column
            `NAME` is x.

    Returns:
        One row per client who has a credit, with a column for each feature of this prefix.
    """
    statistics = defaultdict(list)
    for feature in features:
        if found := re.fullmatch(f"{prefix}_(.+)_({STATISTICS})", feature):
            statistics[found[1]].append(found[2])
    table = {}
    for name, wanted in statistics.items():
        if name in children:
            values, translated = children[name], {}
        else:
            column = next(c for c in children if name.startswith(f"{c}_"))
            values = children[column] == name.removeprefix(f"{column}_")
            translated = {"count": "sum", "count_norm": "mean"}
        groups = values.groupby(children["client"].to_numpy())
        for statistic in wanted:
            how = translated.get(statistic, statistic)
            table[f"{prefix}_{name}_{statistic}"] = groups.agg(how)
    return pd.DataFrame(table)
