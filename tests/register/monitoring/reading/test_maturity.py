"""Labels at the edges of the performance window, and how far outcomes are known."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from register.monitoring.monitoring import monitoring_report
from register.monitoring.query import MonitoringQuery
from register.monitoring.reading.calendar import day_number, later
from register.retention.holds import set_hold
from register.retention.retirement import retire
from register.retention.targets import Target
from register.tables import schema
from tests.register.database.rows import add, add_bundle, row
from tests.register.monitoring.plain_figures import later as plain_later

START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
AS_OF = datetime(2026, 11, 28, tzinfo=UTC)


def labels(database, decisions, as_of=AS_OF, window=12):
    """Counts of the labels of loans that were granted at some times, with their outcomes.

    Args:
        decisions: the time of each, and its outcomes: status, day, and time of recording.
    """
    add_bundle(database)
    for at, outcomes in decisions:
        decision = row(schema.decision, at=at, prediction=0, probability=0.25, pd=None)
        common = {"decision": decision["id"], "definition": "90dpd"}
        rows = [
            row(schema.outcome, **common, status=status, observed=day, at=recorded)
            for status, day, recorded in outcomes
        ]
        add(database, schema.decision, [decision])
        add(database, schema.outcome, rows)
    query = MonitoringQuery(start=START, end=END)
    report = monitoring_report(database, query, window, as_of)
    found = report.total.maturity
    return (found.not_taken_up, found.mature, found.good, found.bad), report


NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "outcomes", "window", "expected"),
    [
        # The last day of the window counts for both.
        ("2025-02-28", [("defaulted", "2026-02-28")], 12, (0, 1, 0, 1)),
        ("2025-02-28", [("defaulted", "2026-03-01")], 12, (0, 1, 1, 0)),
        ("2025-02-28", [("current", "2026-02-28")], 12, (0, 1, 1, 0)),
        ("2025-02-28", [("current", "2026-02-27")], 12, (0, 1, 0, 0)),
        ("2025-02-28", [("repaid", "2025-03-01")], 12, (0, 1, 1, 0)),
        ("2025-02-28", [("repaid", "2025-03-01"), ("late", "2025-04-01")], 12, (0, 1, 0, 0)),
        # 31 August and six months: 28 February.
        ("2025-08-31", [("written_off", "2026-02-28")], 6, (0, 1, 0, 1)),
        ("2025-08-31", [("written_off", "2026-03-01")], 6, (0, 1, 1, 0)),
        # A default before the day of the decision counts, and a cure does not undo one.
        ("2025-02-28", [("defaulted", "2025-02-01")], 12, (0, 1, 0, 1)),
        ("2025-02-28", [("defaulted", "2025-05-01"), ("repaid", "2026-05-01")], 12, (0, 1, 0, 1)),
        # No loan, unless an outcome of a later day says otherwise.
        ("2025-02-28", [("not_taken_up", "2025-04-01")], 12, (1, 0, 0, 0)),
        ("2025-02-28", [("not_taken_up", "2025-04-01"), ("current", "2026-04-01")], 12,
         (0, 1, 1, 0)),
        ("2025-02-28", [], 12, (0, 1, 0, 0)),
    ],
)  # fmt: skip
def test_edges_of_the_window(database, at, outcomes, window, expected):
    decision = datetime.fromisoformat(at).replace(tzinfo=UTC) + timedelta(hours=23, minutes=59)
    known = [(status, date.fromisoformat(day), NOW) for status, day in outcomes]
    another = (datetime(2023, 1, 1, tzinfo=UTC), [("repaid", AS_OF.date(), NOW)])
    found, _ = labels(database, [(decision, known), another], window=window)
    assert found == expected


@pytest.mark.parametrize(("first", "second"), [("defaulted", "current"), ("current", "defaulted")])
def test_a_later_row_of_one_day_corrects_an_earlier_one(database, first, second):
    day, end = date(2025, 6, 1), date(2026, 6, 1)
    rows = [(second, day, NOW + timedelta(1)), (first, day, NOW), ("late", end, NOW)]
    found, _ = labels(database, [(datetime(2025, 2, 28, tzinfo=UTC), rows)])
    assert found == ((0, 1, 1, 0) if second == "current" else (0, 1, 0, 1))


def test_a_window_that_ends_after_the_last_outcome_has_not_ended(database):
    """Else it would have bad loans only: their defaults were seen before its end."""
    until = date(2026, 11, 1)
    decisions = [
        (datetime(2025, 11, 1, 12, tzinfo=UTC), [("current", until, NOW)]),
        (datetime(2025, 11, 2, 12, tzinfo=UTC), [("defaulted", date(2026, 5, 1), NOW)]),
        (
            datetime(2025, 11, 3, 12, tzinfo=UTC),
            [("late", date(2027, 1, 1), NOW)],
        ),  # a typing error
    ]
    found, report = labels(database, decisions)
    assert found == (0, 1, 1, 0)
    assert report.observed_until == until
    assert report.total.expected.decisions == 2
    assert report.notes[0] == (
        "The register has outcomes up to 2026-11-01: a performance window that ends later counts as"
        " not ended, since only its bad loans would be known."
    )


def test_the_day_of_the_report_ends_windows(database):
    outcomes = [("current", AS_OF.date(), NOW)]
    decisions = [
        (datetime(2025, 11, 28, 23, 59, tzinfo=UTC), outcomes),
        (datetime(2025, 11, 29, tzinfo=UTC), outcomes),
    ]
    found, report = labels(database, decisions)
    assert found == (0, 1, 1, 0)
    assert report.notes == ["The scores of the reference clients are not in the register for the"
                            f" model {report.models[0].model[:12]}: its decisions have no stability"
                            " index of the score."]  # fmt: skip


@pytest.mark.parametrize(("start", "is_named"), [("2024-09-30", True), ("2024-10-01", False)])
def test_a_period_whose_decisions_were_retired_says_so(
    database, store, recorder, scored, start, is_named
):
    """Only decisions under a legal hold are left, which are not typical."""
    bundle, at = recorder.keep(scored), datetime(2024, 9, 30, 12, tzinfo=UTC)
    _, held = recorder.decide(scored, scored.clients(2), bundle=bundle, at=at)
    assert set_hold(store, "ann", Target(by="decision", decision=held), release=False)
    retire(store, "ann", datetime(2024, 10, 1, tzinfo=UTC))
    query = MonitoringQuery(start=datetime.fromisoformat(start).replace(tzinfo=UTC), end=END)
    report = monitoring_report(database, query, 12, AS_OF)
    assert report.total.volume == is_named
    assert report.notes[:1] == [
        "Decisions before 2024-10-01 were deleted when they were old, except those under a legal"
        " hold: figures of that time are about these only, which are not typical."
    ] * is_named  # fmt: skip


@pytest.mark.parametrize("months", [1, 5, 12, 60])
def test_months_later(months):
    """Against the last day of a month that lacks a day, over leap years."""
    first = date(2023, 1, 1)
    days = [first + timedelta(at) for at in range(1_200)]
    found = later(np.array([day_number(day) for day in days]), months)
    assert found.tolist() == [day_number(plain_later(day, months)) for day in days]


def test_a_repaid_loan_stays_at_risk_in_its_vintage(database):
    """Left out from the repayment on, it would make 10 defaults of 100 loans 10 of the others."""
    granted = datetime(2025, 1, 10, tzinfo=UTC)
    ends = [
        *[("repaid", date(2025, 3, 10))] * 60,
        *[("defaulted", date(2025, 6, 20))] * 10,
        *[("current", date(2026, 1, 10))] * 30,
    ]
    found, report = labels(database, [(granted, [(*end, NOW)]) for end in ends])
    assert found == (0, 100, 90, 10)
    (vintage,) = report.vintages
    assert [point.at_risk for point in vintage.curve] == [100] * 5 + [90] * 7
    last = vintage.curve[-1]
    assert (last.months, last.defaults, last.cumulative) == (12, 10, pytest.approx(0.1))
    assert report.total.default_rate.rate == pytest.approx(last.cumulative)


def test_a_repaid_loan_says_nothing_of_months_that_no_loan_has_seen(database):
    """The last outcome of any loan is five months old."""
    granted = datetime(2025, 1, 10, tzinfo=UTC)
    ends = [("repaid", date(2025, 3, 10)), ("current", date(2025, 6, 10))]
    _, report = labels(database, [(granted, [(*end, NOW)]) for end in ends])
    (vintage,) = report.vintages
    assert [point.at_risk for point in vintage.curve] == [2] * 5
