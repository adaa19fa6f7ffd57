"""Retirement: whole months go with all that followed, held decisions stay, the chain is whole."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import orjson
import pytest
from sqlalchemy import Table, delete, select
from sqlalchemy.exc import DBAPIError

from register.outcomes import OutcomeItem, record_outcomes
from register.retention import retirement
from register.retention.holds import set_hold
from register.retention.retirement import (
    Retirement,
    count_retirement,
    retire,
    retirement_time,
)
from register.retention.targets import Target
from register.reviews import review_entry
from register.stored import Review
from register.tables import schema
from register.writing import stream
from tests.register.retention.conftest import problems, with_put
from tests.support.registers.guards import lifted_guards

BEFORE = datetime(2024, 10, 1, tzinfo=UTC)
LAST_MOMENT = BEFORE - timedelta(microseconds=1)
TABLES = (*schema.CHAINED, *schema.ERASABLE)


@pytest.mark.parametrize(
    ("now", "months", "expected"),
    [
        (datetime(2026, 11, 28, 13, 5, tzinfo=UTC), 25, BEFORE),
        (datetime(2026, 11, 1, tzinfo=UTC), 25, BEFORE),
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), 25, BEFORE),
        (datetime(2026, 6, 15, tzinfo=UTC), 6, datetime(2025, 12, 1, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), 12, datetime(2025, 12, 1, tzinfo=UTC)),
    ],
)
def test_whole_months_that_are_older_than_those_to_keep(now, months, expected):
    assert retirement_time(now, months) == expected


def ids(database, table: Table) -> set[UUID]:
    column = next(name for name in ("id", "owner", "decision") if name in table.c)
    with database.reading() as connection:
        return set(connection.scalars(select(table.c[column])))


@pytest.fixture
def followed(recorder) -> Callable[[UUID], dict[str, UUID]]:
    """Records a request, a review with a note, and two outcomes of a decision."""

    def record(decision: UUID) -> dict[str, UUID]:
        return {
            "request": recorder.request_review(decision),
            "review": recorder.review(decision, 1, "a note"),
            "late": recorder.outcome(decision, "late"),
            "repaid": recorder.outcome(decision, "repaid", day=2),
        }

    return record


def test_old_decisions_go_with_all_that_followed(store, decide, followed, database):
    old, last = decide(0, at=LAST_MOMENT - timedelta(days=400)), decide(1, at=LAST_MOMENT)
    kept, new = decide(0, at=BEFORE), decide(0)
    after = {decision: followed(decision) for decision in (old, kept)}
    expected = Retirement(
        BEFORE, 0,
        {"decision": 2, "evidence": 2, "audit": 0, "shadow": 0, "note": 1, "review_request": 1,
         "review": 1, "outcome": 2},
    )  # fmt: skip
    assert count_retirement(database, BEFORE) == expected
    assert ids(database, schema.decision) == {old, last, kept, new}
    assert retire(store, "keeper", BEFORE) == expected
    assert ids(database, schema.decision) == ids(database, schema.evidence) == {kept, new}
    assert ids(database, schema.review) == ids(database, schema.note) == {after[kept]["review"]}
    assert ids(database, schema.review_request) == {after[kept]["request"]}
    assert ids(database, schema.outcome) == {after[kept]["late"], after[kept]["repaid"]}
    assert problems(database) == []


def test_a_second_retirement_changes_nothing(store, decide, followed, database):
    followed(decide(0, at=LAST_MOMENT))
    retire(store, "keeper", BEFORE)
    events = ids(database, schema.event)
    none = {}
    assert retire(store, "keeper", BEFORE) == Retirement(BEFORE, 0, none)
    assert count_retirement(database, BEFORE).rows.get("decision", 0) == 0
    assert ids(database, schema.event) == events
    assert len(events) == 1


def test_held_decisions_stay_with_what_followed_and_go_after_release(
    store, decide, followed, scored, database
):
    held = [decide(0, at=LAST_MOMENT), decide(1, at=LAST_MOMENT)]
    after = followed(held[0])
    gone = decide(2, at=LAST_MOMENT)
    targets = [
        Target.of_client(store, str(scored.bundle.client_ids[0])), Target.of_decision(held[1]),
    ]  # fmt: skip
    for target in targets:
        set_hold(store, "legal", target, release=False)
    assert count_retirement(database, BEFORE).held == 2
    done = retire(store, "keeper", BEFORE)
    assert (done.held, done.rows["decision"]) == (2, 1)
    assert ids(database, schema.decision) == set(held)
    assert gone not in ids(database, schema.evidence)
    assert ids(database, schema.outcome) == {after["late"], after["repaid"]}
    assert problems(database) == []
    for target in targets:
        set_hold(store, "legal", target, release=True)
    assert retire(store, "keeper", BEFORE).rows["decision"] == 2
    assert ids(database, schema.decision) == ids(database, schema.outcome) == set()
    assert problems(database) == []


def test_decisions_go_in_chunks_each_with_its_event(store, decide, followed, database, monkeypatch):
    monkeypatch.setattr(retirement, "CHUNK", 3)
    # Equal times, as those of a list: a chunk ends amid them.
    decisions = [decide(0, at=LAST_MOMENT) for _ in range(8)]
    for decision in decisions[::3]:
        followed(decision)
    set_hold(store, "legal", Target.of_decision(decisions[4]), release=False)
    done = retire(store, "keeper", BEFORE)
    assert (done.held, done.rows["decision"], done.rows["outcome"]) == (1, 7, 6)
    assert ids(database, schema.decision) == {decisions[4]}
    table = schema.event.c
    wanted = select(table.detail).where(table.kind == "retire").order_by(table.at, table.id)
    with database.reading() as connection:
        details = [orjson.loads(detail) for detail in connection.scalars(wanted)]
        blocks = dict(connection.execute(select(schema.block.c.id, schema.block.c.count)).all())
    assert {detail["before"] for detail in details} == {BEFORE.isoformat()}
    assert len(details) == 3
    removed = [number for detail in details for number in detail["rows"].values()]
    assert sum(removed) == sum(done.rows[table.name] for table in schema.CHAINED)
    assert all(int(block) in blocks for detail in details for block in detail["rows"])
    assert problems(database) == []


class OldClock(datetime):
    """The clock of a worker of long ago."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:
        return datetime(2024, 9, 30, 12, tzinfo=UTC)


def test_blocks_of_the_time_before_are_not_counted(store, decide, followed, database, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(stream, "datetime", OldClock)
        old = decide(0, at=LAST_MOMENT)
    late = recorded_outcome(store, old)
    retire(store, "keeper", BEFORE)
    with database.reading() as connection:
        wanted = select(schema.event.c.detail).where(schema.event.c.kind == "retire")
        detail = orjson.loads(connection.execute(wanted).scalar_one())
    assert list(detail["rows"].values()) == [1]  # the outcome's block alone
    assert late not in ids(database, schema.outcome)
    assert problems(database) == []


def recorded_outcome(store, decision: UUID) -> UUID:
    """The id of a new outcome."""
    before = ids(store.database, schema.outcome)
    item = OutcomeItem(
        decision=decision, status="late", observed=date(2026, 11, 1), definition="90dpd"
    )
    assert record_outcomes(store, "bob", [item]).written == 1
    (new,) = ids(store.database, schema.outcome) - before
    return new


def test_a_row_that_somebody_deletes_beside_a_retirement_is_found(
    store, decide, followed, recorder, database
):
    after = followed(decide(0, at=LAST_MOMENT))
    new = decide(0)
    review = recorder.review(new, 1)
    retire(store, "keeper", BEFORE)
    assert after["review"] not in ids(database, schema.review)
    assert problems(database) == []
    with store.bundles.database.writing() as connection, lifted_guards(connection):
        connection.execute(delete(schema.review).where(schema.review.c.id == review))
    assert len(problems(database)) == 1


@pytest.mark.parametrize("meanwhile", ["review", "outcome", "hold"])
def test_what_comes_between_the_plan_and_the_deletion_is_seen(
    store, decide, followed, database, meanwhile
):
    decision = decide(0, at=LAST_MOMENT)
    calls = []

    def overtaken(entry):
        if not calls:
            calls.append(entry)
            if meanwhile == "review":
                review = Review(
                    id=store.ids.new(), at=store.now(), reviewer="ann", decision=1,
                    reason="INCOME", comment="late",
                )  # fmt: skip
                store.writer.put(review_entry(review, decision, 0)).result()
            elif meanwhile == "outcome":
                recorded_outcome(store, decision)
            else:
                set_hold(store, "legal", Target.of_decision(decision), release=False)
        return store.writer.put(entry)

    done = retire(with_put(store, overtaken), "keeper", BEFORE)
    if meanwhile == "hold":
        assert (done.held, dict(done.rows)) == (1, {})
        assert ids(database, schema.decision) == {decision}
    else:
        assert done.rows[meanwhile] == 1
        assert not any(ids(database, table) for table in TABLES if table is not schema.event)
    assert problems(database) == []


def test_the_guards_are_back_after_a_retirement(store, decide, database):
    decide(0, at=LAST_MOMENT)
    decide(0)
    retire(store, "keeper", BEFORE)
    for table in (schema.decision, schema.event):
        with (
            pytest.raises(DBAPIError, match=r"DELETE is refused|23001"),
            store.bundles.database.writing() as connection,
        ):
            connection.execute(delete(table))
    assert len(ids(database, schema.decision)) == 1


# The command


def test_the_command_needs_the_months_to_keep(command, decide, database):
    decide(0, at=datetime(2020, 1, 1, tzinfo=UTC))
    assert command("retire") == (
        2, "",
        "register: REGISTER_KEEP_MONTHS is not set: no decision is deleted without it\n",
    )  # fmt: skip
    done = command("retire", REGISTER_KEEP_MONTHS="5")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("register: REGISTER_KEEP_MONTHS: ")
    assert done.err.count("\n") == 1
    assert len(ids(database, schema.decision)) == 1


def test_the_command_tells_what_it_would_delete_and_deletes_it(command, decide, followed, database):
    old, new = decide(0, at=datetime(2020, 1, 1, tzinfo=UTC)), decide(0)
    held = decide(1, at=datetime(2020, 1, 1, tzinfo=UTC))
    followed(old)
    command("hold", "--decision", held)
    keep = {"REGISTER_KEEP_MONTHS": "25"}
    before = retirement_time(datetime.now(UTC), 25)
    numbers = (
        "1 decisions, 1 with data, 0 audit values, 0 scores of challengers, 1 review requests,"
        " 1 reviews, 1 notes, 2 outcomes"
    )
    lines = (
        "0 Idempotency-Keys {0}\n"
        f"before {before:%Y-%m-%d}: {numbers} {{0}}\n"
        "1 decisions stay under a legal hold\n"
    )
    assert command("retire", "--dry-run", **keep) == (0, lines.format("would be deleted"), "")
    assert ids(database, schema.decision) == {old, new, held}
    assert command("retire", **keep) == (0, lines.format("are deleted"), "")
    assert ids(database, schema.decision) == {new, held}
    assert command("verify").code == 0
    again = lines.replace(numbers, numbers.replace("1", "0").replace("2", "0"))
    assert command("retire", **keep) == (0, again.format("are deleted"), "")
