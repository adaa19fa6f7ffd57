"""The counts of the register in `/metrics`, of one process."""

from prometheus_client.parser import text_string_to_metric_families

from service.recording.register_service import Counts
from serving.observability.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Each sample by its name and its labels' values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def test_a_writer_is_counted():
    metrics = Metrics()
    counts = Counts(metrics)
    found = samples(metrics)
    assert found["register_waiting",] == found["decisions_recorded_total",] == 0
    assert found["register_refused_total", "full"] == 0
    counts.waiting(3)
    counts.waiting(2)
    counts.committed(7, 0.2)
    counts.refused("full")
    found = samples(metrics)
    assert (found["register_waiting",], found["decisions_recorded_total",]) == (2, 7)
    assert found["register_commit_seconds_sum",] == 0.2
    assert (found["register_refused_total", "full"], found["register_refused_total", "late"]) == (
        1, 0,
    )  # fmt: skip
