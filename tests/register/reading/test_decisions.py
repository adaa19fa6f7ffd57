"""Lists of decisions: each page against the plain way, and no more queries for a longer page."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from register.commands.migrate import migrate
from register.database.database import Database
from register.database.opening import open_database
from register.errors import InvalidCursor
from register.reading import decisions
from register.reading.decisions import DecisionFilter, DecisionPage, find_decisions
from register.stored import DecisionSummary
from tests.register.reading.drawn import (
    START,
    SUBJECTS,
    Drawn,
    decision_row,
    drawn_register,
)

NUMBER = 60

FILTERS = [
    {},
    {"subject": SUBJECTS[1]},
    {"reference": SUBJECTS[2]},
    {"subject": SUBJECTS[1], "reference": SUBJECTS[2]},
    {"subject": b"\7" * 16},
    {"start": START + timedelta(hours=9)},
    {"end": START + timedelta(hours=9)},
    {"start": START + timedelta(hours=5), "end": START + timedelta(hours=20)},
    {"prediction": 1},
    {"prediction": 0, "grade": "A"},
    {"grade": "Z"},
    {"reviewed": True},
    {"reviewed": False},
    {"reviewed": False, "requested": True},
    {"requested": True},
    {"requested": True, "subject": SUBJECTS[1], "prediction": 1},
    {"reviewed": True, "start": START + timedelta(hours=5), "grade": "B"},
]  # fmt: skip


@pytest.fixture
def drawn(database) -> Drawn:
    return drawn_register(database, NUMBER)


def expected(drawn: Drawn, wanted: dict[str, Any]) -> list[DecisionSummary]:
    """The wanted decisions, the plain way."""
    found = []
    for row in sorted(drawn.decisions, key=lambda row: (row["at"], row["id"]), reverse=True):
        summary = summary_of(drawn, row)
        if (
            wanted.get("subject") in (None, row["subject"])
            and wanted.get("reference") in (None, row["reference"])
            and wanted.get("start", row["at"]) <= row["at"]
            and ("end" not in wanted or row["at"] < wanted["end"])
            and wanted.get("prediction", row["prediction"]) == row["prediction"]
            and wanted.get("grade", row["grade"]) == row["grade"]
            and wanted.get("reviewed", summary.reviews > 0) == (summary.reviews > 0)
            and (not wanted.get("requested") or summary.review_requested)
        ):
            found.append(summary)
    return found


def summary_of(drawn: Drawn, row: dict[str, Any]) -> DecisionSummary:
    def ordered(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
        return sorted(drawn.of(rows, row["id"]), key=lambda row: [row[name] for name in names])

    reviews = ordered(drawn.reviews, "at")
    requests = ordered(drawn.requests, "at")
    outcomes = ordered(drawn.outcomes, "observed", "at")
    left_out = ("subject", "reference", "bundle", "commitment", "audit_commitment", "block")
    answered = reviews[-1]["at"] if reviews else None
    open_since = [row["at"] for row in requests if answered is None or row["at"] > answered]
    return DecisionSummary(
        **{name: value for name, value in row.items() if name not in left_out},
        model="01" * 32,
        final=reviews[-1]["prediction"] if reviews else row["prediction"],
        reviews=len(reviews),
        review_requested=bool(open_since),
        review_requested_at=min(open_since, default=None),
        outcome=outcomes[-1]["status"] if outcomes else None,
    )


def pages(database, **wanted: Any) -> Iterator[DecisionPage]:
    """All pages, each in a reading of its own."""
    after = None
    while True:
        with database.reading() as connection:
            page = find_decisions(connection, DecisionFilter(**wanted, after=after))
        yield page
        if page.next is None:
            return
        after = page.next


@pytest.mark.parametrize(
    ("scanned", "few", "limit"),
    [(20_000, 2_000, 4), (20_000, 2_000, 500), (7, 2_000, 9), (7, 3, 9)],
)
def test_pages_are_those_of_the_plain_way(database, drawn, monkeypatch, scanned, few, limit):
    monkeypatch.setattr(decisions, "SCANNED", scanned)
    monkeypatch.setattr(decisions, "FEW", few)
    for wanted in FILTERS:
        found = list(pages(database, **wanted, limit=limit))
        assert [one for page in found for one in page.decisions] == expected(drawn, wanted), wanted
        assert all(len(page.decisions) <= limit for page in found)
        if scanned > NUMBER or not set(wanted) & {"prediction", "grade", "reviewed", "requested"}:
            assert all(len(page.decisions) == limit for page in found[:-1]), wanted


def test_a_page_ends_after_the_scanned_decisions_and_names_the_next(database, drawn, monkeypatch):
    monkeypatch.setattr(decisions, "SCANNED", 25)
    found = list(pages(database, grade="Z"))
    assert [(len(page.decisions), page.next is None) for page in found] == [
        (0, False), (0, False), (0, True),
    ]  # fmt: skip


def test_decisions_that_come_meanwhile_do_not_move_a_page(database, drawn):
    walk = pages(database, limit=20)
    first = next(walk)
    newest = max(row["at"] for row in drawn.decisions)
    with database.writing() as connection:
        database.insert(connection, decisions.decision, [decision_row(at=newest + timedelta(1))])
    rest = [one for page in walk for one in page.decisions]
    assert [*first.decisions, *rest] == expected(drawn, {})


@pytest.mark.parametrize("text", ["", "x", "A" * 31, "A" * 33, "é" * 32, "=" * 32, "A" * 31 + "=",
                                  "f" + "_" * 31, "/" * 32, "A" * 10_000])  # fmt: skip
def test_another_text_is_not_a_cursor(database, text):
    with (
        database.reading() as connection,
        pytest.raises(InvalidCursor, match=r"^after is not a cursor of a page before$"),
    ):
        find_decisions(connection, DecisionFilter(after=text))


@contextmanager
def statements(engine) -> Iterator[list[tuple[str, Any]]]:
    """Statements, with their parameters, that are executed in the block."""
    found: list[tuple[str, Any]] = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        found.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_longer_page_takes_no_more_queries(database, drawn):
    numbers = []
    for limit in (1, 50):
        with database.reading() as connection, statements(database.reader) as found:
            page = find_decisions(connection, DecisionFilter(limit=limit))
        assert len(page.decisions) == limit
        numbers.append(len([one for one, _ in found if one.startswith(("SELECT", "WITH"))]))
    assert numbers == [5, 5]  # the decisions, reviews, requests, outcomes, models


@pytest.fixture(scope="module")
def empty_sqlite_register(tmp_path_factory) -> Database:
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('plans')}/register.db")
    list(migrate(database))
    return database


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_sqlite_goes_through_decisions_in_the_order_of_their_times_only(
    empty_sqlite_register, wanted
):
    database = empty_sqlite_register
    with database.reading() as connection:
        with statements(database.reader) as found:
            find_decisions(connection, DecisionFilter(**wanted))
        plans = [
            row.detail
            for statement, parameters in found
            for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)
        ]
    scans = [plan for plan in plans if plan.startswith("SCAN decision")]
    assert all("USING INDEX decision_at" in plan for plan in scans), plans
    assert any("decision" in plan for plan in plans)
