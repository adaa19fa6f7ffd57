"""A clock that is set back an hour: ids are unique and ascend, times are those of the clock."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from register.database.database import Database
from register.ids import Ids
from register.tables import schema
from register.writing import stream
from register.writing.writer import Writer
from tests.register.writing.entries import decisions, ids_of, outcomes, recorded

HOUR = timedelta(hours=1)


class SlowClock(datetime):
    """A clock that is an hour behind."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:
        return datetime.now(UTC) - HOUR


def test_a_clock_that_is_set_back(
    writer: Writer, database: Database, bundle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = decisions(bundle, 3)
    assert outcomes([writer.put(before)]) == [""]
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - HOUR // timedelta(microseconds=1) * 1000)
    monkeypatch.setattr(stream, "datetime", SlowClock)
    after = decisions(bundle, 3)
    earliest = SlowClock.now()
    assert outcomes([writer.put(after)]) == [""]
    latest = SlowClock.now()
    ids = ids_of(before) + ids_of(after)
    assert ids == sorted(set(ids))
    assert sorted(recorded(database)) == ids
    with database.reading() as connection:
        first, second = connection.scalars(
            select(schema.block.c.at).order_by(schema.block.c.number)
        )
    assert earliest <= second <= latest < first


def test_ids_of_a_stopped_clock_are_unique_and_ascend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_795_000_000_123_456_789)
    made = Ids()
    ids = [made.new() for _ in range(10_000)]
    assert ids == sorted(set(ids))
    assert {id_.version for id_ in ids} == {7}
    assert {id_.variant for id_ in ids} == {"specified in RFC 4122"}
    assert ids[0].int >> 80 == 1_795_000_000_123
