"""Tests of the comparison of a challenger with the models that decided, against plain Python."""

import calendar
import random
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sqlalchemy import text

from credit_scoring.monitoring.performance.calibration import calibration
from credit_scoring.monitoring.performance.paired_discrimination import discrimination_difference
from credit_scoring.monitoring.rates.proportion import wilson
from register.monitoring.challenger_counts import challenger_comparisons
from register.monitoring.document.challenger_comparison import ChallengerComparison, DecidedAlike
from register.monitoring.reading.decision_facts import DecisionFacts
from register.monitoring.reading.labels import PerformanceWindow
from register.reading.periods import Period
from register.tables import schema
from tests.register.monitoring.drawn import AS_OF, END, MODELS, START, Drawn, drawn

WINDOW = 12  # months
PERIOD = Period(START, END)
CHALLENGERS = (2, 3)


def shadow_rows(found: Drawn, seed: int) -> list[dict[str, Any]]:
    """Rows of two challengers on most decisions, some failures, some without a scorecard."""
    chance = random.Random(seed)
    rows = []
    for made in found.rows["decision"]:
        for challenger in CHALLENGERS:
            if chance.random() < 0.2:
                continue
            row = dict.fromkeys(schema.shadow.c.keys())
            row |= {"decision": made["id"], "at": made["at"], "bundle": challenger}
            if chance.random() < 0.1:
                row["failure"] = "damaged evidence"
            else:
                probability = min(1.0, max(0.0, made["probability"] + chance.gauss(0, 0.2)))
                row |= {"probability": probability, "prediction": int(probability >= 0.35)}
                row |= {"threshold": 0.35, "pd": chance.choice([None, probability / 3])}
            rows.append(row)
    return rows


@pytest.fixture
def register_with_shadows(database) -> tuple[Drawn, list[dict[str, Any]]]:
    """Drawn decisions and the challengers' rows, which are in the database too."""
    found = drawn(seed=3, decisions=1_500)
    found.write(database)
    rows = shadow_rows(found, seed=4)
    with database.writing() as connection:
        database.insert(connection, schema.shadow, rows)
        connection.execute(text("ANALYZE"))  # as PostgreSQL does seconds after rows came
    return found, rows


def compared(database, period: Period = PERIOD) -> list[ChallengerComparison]:
    facts = DecisionFacts(period, is_small=period != Period(), database=database.name)
    window = PerformanceWindow(WINDOW, AS_OF)
    with database.reading(60) as connection:
        return list(challenger_comparisons(connection, facts, window))


# The plain way


def by_decision(rows: list[dict[str, Any]]) -> dict[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["decision"], []).append(row)
    return found


def later(day: date, months: int) -> date:
    year, index = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, index + 1, min(day.day, calendar.monthrange(year, index + 1)[1]))


def final(made: dict, reviews: list[dict]) -> int:
    last = max(reviews, key=lambda row: (row["at"], row["id"].bytes), default=made)
    return last["prediction"]


def recorded(row: dict) -> tuple[datetime, bytes]:
    return row["at"], row["id"].bytes


def label(made: dict, outcomes: list[dict]) -> str:
    """The label of an accepted application: not taken up, immature, bad, good or unknown."""
    last: dict[tuple[date, str], dict] = {}  # by day and definition
    for row in sorted(outcomes, key=recorded):
        last[row["observed"], row["definition"]] = row
    ordered = sorted(last.values(), key=lambda row: (row["observed"], *recorded(row)))
    end = later(made["at"].date(), WINDOW)
    if ordered and ordered[-1]["status"] == "not_taken_up":
        return "not taken up"
    if end > AS_OF.date():
        return "immature"
    bad = [row for row in ordered if row["status"] in ("defaulted", "written_off")]
    if any(row["observed"] <= end for row in bad):
        return "bad"
    if ordered and (ordered[-1]["observed"] >= end or ordered[-1]["status"] == "repaid"):
        return "good"
    return "unknown"


def alike(some: list[tuple[dict, dict, str]], number: int) -> DecidedAlike:
    """The figures of decisions with their rows and labels; the label is "" if refused."""
    labels = [label for *_, label in some]
    bad, labelled = labels.count("bad"), labels.count("bad") + labels.count("good")
    mature = labelled + labels.count("unknown")
    return DecidedAlike(
        decisions=wilson(len(some), number),
        mean_pd=pytest.approx(np.mean([pd_of(made) for made, *_ in some])),
        challenger_mean_pd=pytest.approx(np.mean([pd_of(row) for _, row, _ in some])),
        accepted=sum(label != "" for label in labels),
        mature=mature,
        coverage=wilson(labelled, mature),
        bad=wilson(bad, labelled),
    )


def pd_of(row: dict) -> float:
    return row["probability"] if row["pd"] is None else row["pd"]


def test_comparisons_equal_those_of_plain_python(database, register_with_shadows):
    found, rows = register_with_shadows
    outcomes, reviews = (by_decision(found.rows[name]) for name in ("outcome", "review"))
    made = {
        one["id"]: one for one in found.rows["decision"] if START <= one["at"] < END
    }  # fmt: skip
    comparisons = iter(compared(database))
    for challenger in CHALLENGERS:
        mine = [row for row in rows if row["bundle"] == challenger and row["decision"] in made]
        models: dict[str, list[tuple[dict, dict]]] = {}
        for row in sorted(mine, key=lambda row: row["at"]):
            one = made[row["decision"]]
            models.setdefault(MODELS[one["bundle"]].hex(), []).append((one, row))
        assert len(models) == 2
        for champion, pairs in models.items():
            comparison = next(comparisons)
            assert (comparison.challenger, comparison.champion) == (
                MODELS[challenger].hex(), champion,
            )  # fmt: skip
            check(comparison, pairs, outcomes, reviews)
    assert not list(comparisons)


def check(comparison: ChallengerComparison, pairs, outcomes, reviews) -> None:
    """Compare with decisions and rows of one challenger and one champion."""
    times = [one["at"] for one, _ in pairs]
    assert (comparison.first, comparison.last) == (min(times), max(times))
    scored = [(one, row) for one, row in pairs if row["failure"] is None]
    assert comparison.failed == len(pairs) - len(scored) > 0
    assert comparison.decisions == len(scored)
    equal = sum(one["prediction"] == row["prediction"] for one, row in scored)
    assert comparison.agreement == wilson(equal, len(scored))
    assert 0.1 < comparison.agreement.rate < 0.9
    labelled = [
        (
            one,
            row,
            ""
            if final(one, reviews.get(one["id"], []))
            else label(one, outcomes.get(one["id"], [])),
        )
        for one, row in scored
    ]
    sets = {
        "both_accept": (0, 0), "swap_out": (0, 1), "swap_in": (1, 0), "both_refuse": (1, 1),
    }  # fmt: skip
    for name, predictions in sets.items():
        some = [
            triple
            for triple in labelled
            if (triple[0]["prediction"], triple[1]["prediction"]) == predictions
        ]
        assert getattr(comparison, name) == alike(some, len(scored)), name
    loans = [triple for triple in labelled if triple[2] in ("good", "bad")]
    bad = np.array([label == "bad" for *_, label in loans])
    own = np.array([one["probability"] for one, *_ in loans])
    other = np.array([row["probability"] for _, row, _ in loans])
    assert comparison.champion_discrimination.auc == pytest.approx(roc_auc_score(bad, own))
    assert comparison.discrimination.auc == pytest.approx(roc_auc_score(bad, other))
    assert comparison.difference.difference == pytest.approx(
        roc_auc_score(bad, other) - roc_auc_score(bad, own)
    )
    assert comparison.difference.p == pytest.approx(discrimination_difference(other, own, bad).p)
    own_pd = np.array([pd_of(one) for one, *_ in loans])
    other_pd = np.array([pd_of(row) for _, row, _ in loans])
    for found, pds in (
        (comparison.champion_calibration, own_pd),
        (comparison.calibration, other_pd),
    ):
        plain = calibration(pds, bad)
        assert found.mean_pd == pytest.approx(plain.mean_pd)
        assert found.brier.score == pytest.approx(np.mean((pds - bad) ** 2))
        assert found.default_rate == wilson(int(bad.sum()), len(bad))


def test_outcomes_of_those_whom_only_the_challenger_would_accept(database, register_with_shadows):
    """They are known of no more than the overridden ones."""
    found, _ = register_with_shadows
    assert found
    for comparison in compared(database):
        swap_in = comparison.swap_in
        assert 0 < swap_in.accepted < swap_in.decisions.count
        assert swap_in.bad.of <= swap_in.accepted


def test_nothing_without_a_challenger(database):
    drawn(seed=5, decisions=50).write(database)
    assert compared(database) == []


def test_nothing_in_another_period(database, register_with_shadows):
    assert register_with_shadows
    before = Period(START - timedelta(days=900), START - timedelta(days=800))
    assert compared(database, before) == []
    assert len(compared(database, Period())) == 4
    assert compared(database, Period(end=datetime(2020, 1, 1, tzinfo=START.tzinfo))) == []


def test_a_model_agrees_with_itself(database):
    """After its promotion, a challenger is compared with its own decisions."""
    found = drawn(seed=6, decisions=400)
    found.write(database)
    rows = [
        {name: made.get(name) for name in schema.shadow.c.keys()}  # noqa: SIM118
        | {"decision": made["id"], "bundle": made["bundle"]}
        for made in found.rows["decision"]
    ]
    with database.writing() as connection:
        database.insert(connection, schema.shadow, rows)
    for comparison in compared(database):
        if comparison.challenger == comparison.champion:
            assert comparison.agreement.rate == 1
            difference = comparison.difference
            assert (difference.low, difference.high, difference.p) == (0, 0, 1)
            assert comparison.swap_in.decisions.count == comparison.swap_out.decisions.count == 0
            assert comparison.swap_in.mean_pd is None
            assert comparison.calibration == comparison.champion_calibration


def test_all_failed(database):
    found = drawn(seed=7, decisions=60)
    found.write(database)
    rows = [row | {"probability": None, "pd": None, "prediction": None, "failure": "x"}
            for row in shadow_rows(found, seed=8)]  # fmt: skip
    with database.writing() as connection:
        database.insert(connection, schema.shadow, rows)
    for comparison in compared(database):
        assert (comparison.decisions, comparison.agreement.of) == (0, 0)
        assert comparison.failed > 0
        assert comparison.discrimination is comparison.calibration is comparison.difference is None
