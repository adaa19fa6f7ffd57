"""Gauges that one worker sets and every worker shows."""

import time
from pathlib import Path

import pytest

from serving.observability.gauges import SharedGauges
from serving.observability.metrics import Metrics
from serving.workers.shared_folder import SHARED_FOLDER

TEXTS = {"level": "How high", "waiting_seconds": "How long"}


def values(gauges: SharedGauges) -> dict[str, float]:
    """The shown values by name."""
    found = {family.name: family for family in gauges.collect()}
    assert all(family.documentation == TEXTS[name] for name, family in found.items())
    return {name: family.samples[0].value for name, family in found.items()}


def two(folder: Path | None) -> tuple[SharedGauges, SharedGauges]:
    """The gauges of two workers."""
    return SharedGauges("tests", TEXTS, folder), SharedGauges("tests", TEXTS, folder)


def test_a_gauge_is_absent_before_it_is_set(tmp_path: Path):
    for gauges in two(tmp_path):
        assert values(gauges) == {}


def test_all_workers_show_the_last_values(tmp_path: Path):
    first, second = two(tmp_path)
    first.set({"level": 3.25, "waiting_seconds": 7})
    assert values(first) == values(second) == {"level": 3.25, "waiting_seconds": 7}
    second.set({"level": 0.0, "waiting_seconds": None})
    assert values(first) == values(second) == {"level": 0.0}


def test_groups_are_apart(tmp_path: Path):
    first, _ = two(tmp_path)
    other = SharedGauges("others", TEXTS, tmp_path)
    first.set({"level": 1})
    other.set({"level": 2})
    assert (values(first), values(other)) == ({"level": 1}, {"level": 2})


def test_a_time_is_shown_as_its_age_at_the_scrape(tmp_path: Path):
    gauges = SharedGauges("tests", TEXTS, tmp_path, ages={"waiting_seconds"})
    now = time.time()
    gauges.set({"level": 5, "waiting_seconds": now - 3600})
    first = values(gauges)
    assert first["level"] == 5
    assert 3600 <= first["waiting_seconds"] <= 3600 + time.time() - now
    assert values(gauges)["waiting_seconds"] > first["waiting_seconds"]
    gauges.set({"waiting_seconds": now + 10_000})
    assert values(gauges) == {"waiting_seconds": 0.0}


def test_without_a_folder_each_worker_shows_its_own(tmp_path: Path):
    first, second = two(None)
    first.set({"level": 1})
    assert (values(first), values(second)) == ({"level": 1}, {})


def test_a_folder_that_is_gone_leaves_the_worker_its_values(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    first, second = two(tmp_path / "gone")
    first.set({"level": 1})
    assert (values(first), values(second)) == ({"level": 1}, {})
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}/gone/new-gauges-tests: No such file or directory: only this worker shows tests"
    ]


def test_metrics_show_gauges_after_the_counters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(SHARED_FOLDER, raising=False)
    metrics = Metrics()
    before = metrics.text()
    gauges = metrics.gauges("tests", TEXTS)
    assert metrics.text() == before
    gauges.set({"level": 2.5})
    assert metrics.text() == before + b"# HELP level How high\n# TYPE level gauge\nlevel 2.5\n"
