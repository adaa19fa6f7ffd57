"""Groups whose figures would tell those of few persons have counts only."""

from datetime import UTC, datetime

import pytest

from register.monitoring.monitoring import monitoring_report
from register.monitoring.query import MonitoringQuery
from register.tables import schema
from tests.register.database.rows import add, add_bundle, row

AT = datetime(2026, 3, 2, tzinfo=UTC)
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
AS_OF = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("volumes", "counts_only"),
    [
        ({"a": 30, "b": 40}, set()),
        ({"a": 31, "b": 29, "c": 1}, {"b", "c"}),
        # All less "a" and "b" would be the score of one person.
        ({"a": 50, "b": 40, "c": 1}, {"b", "c"}),
        ({"a": 50, "b": 40, "c": 28, "d": 1}, {"b", "c", "d"}),
        ({"a": 50, "b": 29}, {"a", "b"}),
    ],
)
def test_small_groups_cannot_be_told_from_the_others(database, volumes, counts_only):
    add_bundle(database)
    for group, volume in volumes.items():
        decisions = [
            row(schema.decision, at=AT, prediction=0, probability=0.25, pd=None)
            for _ in range(volume)
        ]
        values = [
            row(schema.audit, decision=one["id"], at=AT, name="band", value=group)
            for one in decisions
        ]
        add(database, schema.decision, decisions)
        add(database, schema.audit, values)
    query = MonitoringQuery(start=START, end=END, by="group", group="band")
    report = monitoring_report(database, query, 12, AS_OF)
    assert {cell.key: cell.volume for cell in report.cells} == volumes
    for cell in report.cells:
        expected = None if cell.key in counts_only else 0.25
        assert cell.mean_pd == expected
        assert (cell.expected is None) == (expected is None)
    assert report.total.mean_pd == 0.25
