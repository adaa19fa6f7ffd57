"""Partitions of PostgreSQL that are dropped when they are empty."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text

from register.database.partitions import make_partitions, partition_name
from register.retention.empty_partitions import drop_empty_partitions
from register.retention.holds import set_hold
from register.retention.retirement import retire
from register.retention.targets import Target
from register.tables import schema
from tests.register.retention.conftest import problems

BEFORE = datetime(2024, 10, 1, tzinfo=UTC)
FULL, EMPTY = ("decision", "evidence"), ("audit", "shadow")  # tables, in these tests
POSTGRESQL = pytest.mark.parametrize("register_url", ["postgresql"], indirect=True)


@POSTGRESQL
def test_empty_partitions_are_dropped_and_one_with_a_held_decision_stays(store, decide, database):
    months = [datetime(2024, month, 15, tzinfo=UTC) for month in (7, 8, 9, 10)]
    with store.bundles.database.writing() as connection:
        for month in months:
            make_partitions(connection, month.date())
    decisions = [decide(0, at=month) for month in months]
    set_hold(store, "legal", Target.of_decision(decisions[1]), release=False)
    keeper = store.bundles.database
    assert drop_empty_partitions(keeper, BEFORE, FULL) == []
    retire(store, "keeper", BEFORE)
    names = [partition_name(table, month) for table in FULL for month in (months[0], months[2])]
    names += [partition_name(table, month) for table in EMPTY for month in months[:3]]
    assert drop_empty_partitions(keeper, BEFORE) == names
    assert drop_empty_partitions(keeper, BEFORE) == []
    with database.reading() as connection:
        left = [
            connection.scalar(text("SELECT to_regclass(:name)::text"), {"name": name})
            for name in [*names, "decision_2024_08", "decision_2024_10", "decision_default"]
        ]
        kept = set(connection.scalars(select(schema.decision.c.id)))
    assert kept == {decisions[1], decisions[3]}
    assert left == [None] * 10 + ["decision_2024_08", "decision_2024_10", "decision_default"]
    assert problems(database) == []


@POSTGRESQL
def test_a_partition_that_a_reading_keeps_busy_stays_for_the_next_time(store, decide, database):
    keeper = store.bundles.database
    with keeper.writing() as connection:
        make_partitions(connection, date(2024, 9, 15))
    with database.reading(30) as connection:
        connection.execute(text("SELECT FROM decision_2024_09"))
        others = [f"{table}_2024_09" for table in ("evidence", *EMPTY)]
        assert drop_empty_partitions(keeper, BEFORE) == others
    assert drop_empty_partitions(keeper, BEFORE) == ["decision_2024_09"]


@pytest.mark.parametrize("register_url", ["sqlite"], indirect=True)
def test_sqlite_has_none(store):
    assert drop_empty_partitions(store.bundles.database, BEFORE) == []
