"""Metrics for Prometheus, of this process or, behind gunicorn, of all its workers."""

from collections.abc import Callable, Mapping, Set
from functools import cache
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from serving.observability.gauges import SharedGauges
from serving.workers.shared_folder import shared_folder

UNKNOWN = "unknown"  # the label of requests that reach no route


class Metrics:
    """Requests, their durations, dropped lines of the log, and further counters."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.registry = CollectorRegistry()
        self._gauges = CollectorRegistry()
        self.requests = self.counter("http_requests", "Requests", "route", "status")
        self.seconds = self.histogram("http_request_duration_seconds", "Time to answer", "route")
        self.seconds(UNKNOWN)  # opens the file of histograms before the first request
        self.dropped_lines = Counter(
            "log_lines_dropped", "Lines of the log that nobody read", registry=self.registry
        )

    def counter(self, name: str, text: str, *labels: str) -> Callable[..., Counter]:
        """Add a counter, to be called with the values of its labels."""
        return self._by_labels(Counter, name, text, *labels)

    def histogram(self, name: str, text: str, *labels: str) -> Callable[..., Histogram]:
        """Add a histogram of seconds, to be called with the values of its labels."""
        return self._by_labels(Histogram, name, text, *labels)

    def live_gauge(self, name: str, text: str) -> Gauge:
        """Add a gauge of each worker; those of living workers are added up."""
        return Gauge(name, text, registry=self.registry, multiprocess_mode="livesum")

    def gauges(
        self, name: str, texts: Mapping[str, str], ages: Set[str] = frozenset()
    ) -> SharedGauges:
        """Add a group of gauges that one worker sets for all; see `SharedGauges`."""
        gauges = SharedGauges(name, texts, shared_folder(), ages)
        self._gauges.register(gauges)
        return gauges

    def text(self, **information: dict[str, str]) -> bytes:
        """All metrics in Prometheus' text form.

        Args:
            information: labels of this process' own, by the name of their subject.
        """
        counts = self.registry
        folder = shared_folder()
        if folder and folder.is_dir():  # else somebody removed it: this process' own counts
            counts = CollectorRegistry()
            MultiProcessCollector(counts, str(folder))  # type: ignore[no-untyped-call]
        own = CollectorRegistry()
        for name, labels in information.items():
            Info(name, f"The {name} in use", registry=own).info(labels)
        return generate_latest(counts) + generate_latest(self._gauges) + generate_latest(own)

    def _by_labels(self, kind: type[Any], name: str, text: str, *labels: str) -> Callable[..., Any]:
        """A metric, called with the values of its labels.

        The children are cached, because `labels` takes a lock and makes a key each time.
        """
        metric = kind(name, text, labels, registry=self.registry)
        return cache(metric.labels) if labels else lambda: metric
