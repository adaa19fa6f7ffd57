"""Outcomes: resolved to decisions, written once, corrected by later ones."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from register.outcomes import OutcomeItem, OutcomeReport, UnknownItem, record_outcomes
from register.reading.decision import read_decision
from register.store import Store
from register.tables import schema
from register.verification.verification import verify
from tests.register.slow_store import SlowStore

DAY = date(2026, 11, 28)


@pytest.fixture
def decisions(recorder, scored) -> Sequence[UUID]:
    """Three decisions, of which the first two have the reference A and the last B."""
    bundle = recorder.keep(scored)
    decided = []
    for reference in ("A", "A", "B"):
        clients = scored.clients(1, external_id=reference)
        decided += recorder.decide(scored, clients, bundle=bundle)
    return decided


@pytest.fixture
def slow_store(settings, database) -> Iterator[Store]:
    """See `SlowStore`."""
    store = SlowStore.open(settings)
    yield store
    store.close()


def item(**values: Any) -> OutcomeItem:
    return OutcomeItem(**{"status": "late", "observed": DAY, "definition": "90dpd"} | values)


def rows(store: Store) -> list[tuple[UUID, str, date, str]]:
    """The recorded outcomes, the oldest first."""
    table = schema.outcome.c
    wanted = select(table.decision, table.status, table.observed, table.definition)
    with store.database.reading() as connection:
        return [tuple(row) for row in connection.execute(wanted.order_by(table.at, table.id))]


def test_a_reference_means_its_latest_decision(store, decisions):
    items = [item(reference="A"), item(decision=decisions[0], status="repaid"), item(reference="B")]
    assert record_outcomes(store, "bob", items) == OutcomeReport(3, 3, [])
    assert sorted(rows(store), key=str) == sorted(
        [
            (decisions[1], "late", DAY, "90dpd"),
            (decisions[0], "repaid", DAY, "90dpd"),
            (decisions[2], "late", DAY, "90dpd"),
        ],
        key=str,
    )
    with store.database.reading() as connection:
        callers = set(connection.scalars(select(schema.outcome.c.caller)))
    assert callers == {"bob"}
    assert verify(store.database).problems.count == 0


def test_a_reference_means_the_latest_decision_of_the_day_or_before(store, recorder, scored):
    """A client may borrow again, and a file may be sent again after that."""
    bundle = recorder.keep(scored)
    first, second = (
        recorder.decide(scored, scored.clients(1, external_id="A"), bundle=bundle, at=at)[0]
        for at in (datetime(2025, 1, 15, tzinfo=UTC), datetime(2026, 3, 1, 23, 59, tzinfo=UTC))
    )
    days = [date(2025, 1, 14), date(2025, 1, 15), date(2026, 2, 28), date(2026, 3, 1), DAY]
    record_outcomes(store, "bob", [item(reference="A", observed=day) for day in days])
    found = {observed: decision for decision, _, observed, _ in rows(store)}
    assert [found[day] for day in days] == [second, first, first, second, second]


def test_unknown_decisions_are_named_and_the_others_kept(store, decisions):
    items = [
        item(decision=store.ids.new()), item(reference="C"), item(decision=decisions[0]),
        item(reference="a"),
    ]  # fmt: skip
    assert record_outcomes(store, "bob", items) == OutcomeReport(
        1,
        1,
        [
            UnknownItem(0, "no decision has this id"),
            UnknownItem(1, "no decision has this reference"),
            UnknownItem(3, "no decision has this reference"),
        ],
    )
    assert rows(store) == [(decisions[0], "late", DAY, "90dpd")]


def test_nothing_is_written_if_all_are_unknown(store, decisions):
    assert decisions
    report = record_outcomes(store, "bob", [item(reference="C")])
    assert (report.recorded, report.written, len(report.unknown)) == (0, 0, 1)
    assert record_outcomes(store, "bob", []) == OutcomeReport(0, 0, [])
    assert rows(store) == []


def test_an_outcome_is_written_once_and_a_correction_again(store, decisions):
    first = decisions[0]
    steps = [
        (item(decision=first), 1),
        (item(decision=first), 0),  # repeated
        (item(decision=first, status="current"), 1),  # a correction
        (item(decision=first, status="current"), 0),
        (item(decision=first), 1),  # the correction was wrong
        (item(decision=first, definition="30dpd"), 1),
        (item(decision=first, observed=date(2026, 12, 1)), 1),
        (item(decision=decisions[1]), 1),
    ]
    for step, (one, written) in enumerate(steps):
        assert record_outcomes(store, "bob", [one]) == OutcomeReport(1, written, []), step
    assert [row[1] for row in rows(store) if row[0] == first] == [
        "late", "current", "late", "late", "late",
    ]  # fmt: skip


def test_of_contradictory_items_in_one_list_the_last_counts(store, decisions):
    items = [
        item(decision=decisions[1]),
        item(reference="A", status="current"),  # the same decision
        item(decision=decisions[1]),
        item(decision=decisions[1], status="defaulted"),
    ]
    assert record_outcomes(store, "bob", items) == OutcomeReport(4, 1, [])
    assert rows(store) == [(decisions[1], "defaulted", DAY, "90dpd")]
    assert record_outcomes(store, "bob", items) == OutcomeReport(4, 0, [])


def test_two_workers_write_the_same_outcomes_once(store, settings, decisions):
    other = Store.open(settings)
    try:
        for day in range(1, 11):
            items = [item(decision=decision, observed=date(2026, 1, day)) for decision in decisions]
            with ThreadPoolExecutor(2) as pool:
                found = pool.map(record_outcomes, (store, other), ("bob",) * 2, (items,) * 2)
                reports = list(found)
            assert sorted(report.written for report in reports) == [0, 3]
            assert [report.recorded for report in reports] == [3, 3]
    finally:
        other.close()
    assert len(rows(store)) == 30
    assert verify(store.database).problems.count == 0


def test_a_list_of_a_thousand_is_one_block(store, recorder, scored, decisions):
    items = [
        item(decision=decision, observed=date.fromordinal(738_000 + day))
        for decision in decisions
        for day in range(333)
    ]
    report = record_outcomes(store, "bob", [*items, item(reference="C")])
    assert (report.recorded, report.written) == (999, 999)
    assert report.unknown == [UnknownItem(999, "no decision has this reference")]
    with store.database.reading() as connection:
        blocks = set(connection.scalars(select(schema.outcome.c.block)))
    assert len(blocks) == 1


def outcome_of(store: Store, decision: UUID) -> str | None:
    with store.database.reading() as connection:
        return read_decision(connection, decision).outcome


def test_a_correction_counts_whatever_the_clocks_say(store, slow_store, decisions):
    first = decisions[0]
    steps = [(store, "late", 1), (slow_store, "current", 1), (slow_store, "current", 0),
             (store, "current", 0), (slow_store, "repaid", 1)]  # fmt: skip
    for one, status, written in steps:
        report = record_outcomes(one, "bob", [item(decision=first, status=status)])
        assert report == OutcomeReport(1, written, [])
        assert outcome_of(store, first) == status
    assert [row[1] for row in rows(store)] == ["late", "current", "repaid"]
    assert verify(store.database).problems.count == 0


def test_of_one_day_the_outcome_recorded_last_counts(store, slow_store, decisions):
    first = decisions[0]
    record_outcomes(store, "bob", [item(decision=first)])
    record_outcomes(slow_store, "bob", [item(decision=first, definition="30dpd", status="repaid")])
    assert outcome_of(store, first) == "repaid"
    earlier = item(decision=first, status="written_off", observed=date(2026, 11, 27))
    record_outcomes(store, "bob", [earlier])
    assert outcome_of(store, first) == "repaid"


def test_of_one_day_the_last_item_of_a_list_counts(store, decisions):
    items = [
        item(decision=decisions[0]),
        item(decision=decisions[0], definition="30dpd", status="current"),
        item(decision=decisions[0], status="defaulted"),
    ]
    assert record_outcomes(store, "bob", items) == OutcomeReport(3, 2, [])
    assert outcome_of(store, decisions[0]) == "defaulted"
