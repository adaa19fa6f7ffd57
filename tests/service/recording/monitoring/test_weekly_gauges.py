"""Gauges of the last full week: their values against the answers of calls, and absent ones."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from main import Application
from register.reading.open_requests import RequestCounts
from service.recording.monitoring import answers, weekly_gauges
from service.recording.monitoring.weekly_gauges import (
    TEXTS,
    WeeklyGauges,
    last_monday,
    request_values,
    week_values,
)
from service.recording.reader_pool import ReaderPool
from tests.service.recording.asking import decide, opened
from tests.support.servers.inprocess import LOOP

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def app(new_app: Callable[..., Application], monkeypatch: pytest.MonkeyPatch) -> Application:
    """An application whose last full week is the present one."""
    monday = last_monday(datetime.now(UTC)) + timedelta(weeks=1)
    monkeypatch.setattr(weekly_gauges, "last_monday", lambda _: monday)
    return new_app()


@pytest.fixture
def http(app: Application) -> Iterator[httpx.Client]:
    return opened(app)


def shown(http: httpx.Client) -> dict[str, float]:
    """The gauges in /metrics."""
    families = text_string_to_metric_families(http.get("/metrics").text)
    return {one.name: one.samples[0].value for one in families if one.name in TEXTS}


@pytest.fixture
def compute(app: Application, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Computes the gauges, each time from new figures."""
    register = app.service.register
    readers = ReaderPool(register.store.database, register.store.writer.look)
    gauges = WeeklyGauges(app.service.metrics, register.monitoring, readers)
    monkeypatch.setattr(answers, "FRESH_SECONDS", 0.0)
    yield lambda: LOOP.run_until_complete(gauges.compute())
    readers.close()


def test_the_gauges_are_those_of_the_recorded_calls(
    http: httpx.Client, compute: Callable[[], None]
):
    assert shown(http) == {}
    compute()
    end = weekly_gauges.last_monday(datetime.now(UTC)).timestamp()
    assert shown(http) == {"monitoring_week_end_seconds": end, "monitoring_week_decisions": 0}

    clients = http.get("/get_ids").json()["data"]
    decided = decide(http, [{"client": client} for client in clients])
    refused = [one["id"] for one in decided if one["prediction"]]
    for decision in refused[:4]:
        assert http.post(f"/decisions/{decision}/review-requests", json={}).status_code == 201
    for decision in refused[:3]:
        review = {"decision": 0, "reason": "A"}
        assert http.post(f"/decisions/{decision}/reviews", json=review).status_code == 201
    before = datetime.now(UTC)
    compute()
    found = shown(http)
    by_week = http.get("/monitoring?by=week").json()["cells"][-1]
    accepted = len(decided) - len(refused)
    age = found.pop("register_oldest_review_request_seconds")
    assert found == {
        "monitoring_week_end_seconds": end,
        "monitoring_week_decisions": len(decided),
        "monitoring_score_psi": by_week["score_drift"]["index"],
        "monitoring_score_psi_expected": by_week["score_drift"]["expected"],
        "monitoring_approval_ratio": pytest.approx((accepted + 3) / len(decided)),
        "monitoring_override_ratio": pytest.approx(3 / len(decided)),
        "monitoring_unreviewed_ratio": 0.25,
    }
    at = http.get(f"/decisions/{refused[3]}").json()["review_requests"][-1]["at"]
    waited = (before - datetime.fromisoformat(at)).total_seconds()
    assert waited < age < waited + 600
    assert shown(http)["register_oldest_review_request_seconds"] > age


def cell(key: str, accepted: int, volume: int, **values: object) -> dict[str, object]:
    """A week's cell in an answer, as far as it is read."""
    rate = accepted / volume if volume >= 30 else None
    nothing = {
        "score_drift": None,
        "overrides": {"all": {"count": 0, "of": volume, "rate": rate and 0.0}},
    }
    approval = {"count": accepted, "of": volume, "rate": rate}
    return {"key": key, "volume": volume, "approval": approval} | nothing | values


def test_the_four_weeks_before_count_together():
    cells = [
        cell("2026-W42", 0, 1_000),  # five weeks before
        cell("2026-W43", 10, 10),
        cell("2026-W44", 20, 40),
        cell("2026-W46", 0, 20),
        cell("2026-W47", 50, 80),
        cell("2026-W48", 0, 5_000),  # not over yet
    ]
    values = week_values(cells, MONDAY)
    assert values["monitoring_approval_ratio"] == 50 / 80
    assert values["monitoring_approval_ratio_before"] == 30 / 70
    assert values["monitoring_week_decisions"] == 80
    assert values["monitoring_week_end_seconds"] == 1_795_392_000


def test_few_decisions_have_no_rate():
    cells = [cell("2026-W46", 29, 29), cell("2026-W47", 29, 29)]
    values = week_values(cells, MONDAY)
    assert {name: value for name, value in values.items() if value is not None} == {
        "monitoring_week_end_seconds": 1_795_392_000,
        "monitoring_week_decisions": 29,
    }


def test_few_requests_have_a_share_and_none_have_no_share():
    assert request_values(MONDAY, RequestCounts(3, 2)) == {
        "monitoring_unreviewed_ratio": 2 / 3,
        "register_oldest_review_request_seconds": 1_795_392_000,
    }
    assert request_values(None, RequestCounts(0, 0)) == {
        "monitoring_unreviewed_ratio": None,
        "register_oldest_review_request_seconds": None,
    }


@pytest.mark.parametrize("cells", [[], [cell("2026-W47", 0, 0)], [cell("2026-W46", 40, 60)]])
def test_a_week_without_decisions_has_no_rate(cells: list[dict[str, object]]):
    values = week_values(cells, MONDAY)
    assert values["monitoring_week_decisions"] == 0
    assert values.get("monitoring_approval_ratio") is None
    assert values.get("monitoring_override_ratio") is None


def test_weeks_around_the_new_year():
    end = datetime(2027, 1, 4, tzinfo=UTC)  # 2026 has 53 weeks
    cells = [cell("2026-W52", 60, 100), cell("2026-W53", 40, 100), cell("2027-W01", 1, 100)]
    values = week_values(cells, end)
    assert values["monitoring_approval_ratio"] == 0.4
    assert values["monitoring_approval_ratio_before"] == 0.6


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        ("2026-11-22T23:59:59.999999+00:00", "2026-11-16"),
        ("2026-11-23T00:00:00+00:00", "2026-11-23"),
        ("2026-11-29T12:00:00+00:00", "2026-11-23"),
        ("2027-01-01T00:00:00+00:00", "2026-12-28"),
    ],
)
def test_the_last_monday(now: str, monday: str):
    found = last_monday(datetime.fromisoformat(now))
    assert found.isoformat() == f"{monday}T00:00:00+00:00"
