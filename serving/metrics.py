"""What `/metrics` counts, in this process or, behind gunicorn, in all of its workers."""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import InfoMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from serving.shared_folder import SHARED_FOLDER

UNKNOWN = "unknown"  # the name of a route that is none


class Metrics:
    """Requests and their durations, lines of the log that were dropped, and what else is added."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.registry = CollectorRegistry()
        self.requests = self.counter("http_requests", "Requests", "route", "status")
        self.seconds = self._by_labels(
            Histogram, "http_request_duration_seconds", "Time to answer", "route"
        )
        self.seconds(UNKNOWN)  # opens the file of histograms before the first request
        self.dropped_lines = Counter(
            "log_lines_dropped", "Lines of the log that nobody read", registry=self.registry
        )

    def counter(self, name: str, text: str, *labels: str) -> Callable[..., Counter]:
        """A counter, to be called with the values of its labels."""
        return self._by_labels(Counter, name, text, *labels)

    def text(self, **information: dict[str, str]) -> bytes:
        """All counts in Prometheus' text form.

        Args:
            information: labels by the name of what they are about. It cannot be shared between
                processes; each has it in its own memory.
        """
        counts = self.registry
        folder = os.environ.get(SHARED_FOLDER)
        if folder and Path(folder).is_dir():  # else somebody removed it: this process' own counts
            counts = CollectorRegistry()
            MultiProcessCollector(counts, folder)  # type: ignore[no-untyped-call]
        own = CollectorRegistry()
        own.register(_Information(information))
        return generate_latest(counts) + generate_latest(own)

    def _by_labels(self, kind: type[Any], name: str, text: str, *labels: str) -> Callable[..., Any]:
        """A metric, called with the values of its labels.

        Kept by value, for the metric itself takes a lock and makes a key each time.
        """
        return cache(kind(name, text, labels, registry=self.registry).labels)


class _Information:
    """Collected by a registry of Prometheus."""

    def __init__(self, information: Mapping[str, dict[str, str]]) -> None:
        self._information = information

    def collect(self) -> Iterator[InfoMetricFamily]:
        for name, labels in self._information.items():
            yield InfoMetricFamily(name, f"The {name} in use", labels)
