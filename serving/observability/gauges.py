"""Gauges that one worker of a server sets and every worker shows."""

import logging
import time
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from pathlib import Path

import orjson
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

NEW, KEPT = "new-gauges-", "gauges-"  # the files of a group begin with these

log = logging.getLogger(__name__)


class SharedGauges(Collector):
    """A group of gauges, in a small file of the shared folder, or in memory without that folder.

    A gauge without a value is absent. prometheus_client's own gauges are 0 before they are set, and
    a rule could not tell that from a value.
    """

    def __init__(
        self,
        name: str,
        texts: Mapping[str, str],
        folder: Path | None,
        ages: Set[str] = frozenset(),
    ) -> None:
        """Begin without values, or with those that another worker has set.

        Args:
            name: of the group.
            texts: what each gauge is, by its name.
            folder: shared by the workers of a server; None for a single process.
            ages: gauges whose value is a time, in seconds since 1970, and who show its age.
        """
        self._name = name
        self._texts = texts
        self._folder = folder
        self._ages = ages
        self._values: Mapping[str, float] = {}

    def set(self, values: Mapping[str, float | None]) -> None:
        """Replace the values of all gauges; None for a gauge that has none."""
        self._values = {name: value for name, value in values.items() if value is not None}
        if self._folder is None:
            return
        new = self._folder / f"{NEW}{self._name}"
        try:
            new.write_bytes(orjson.dumps(self._values))
            new.replace(self._folder / f"{KEPT}{self._name}")
        except OSError as error:
            log.warning("%s: %s: only this worker shows %s", new, error.strerror, self._name)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges that have a value, for a scrape."""
        now = time.time()
        for name, value in self._shared().items():
            if name in self._texts:
                shown = max(now - value, 0.0) if name in self._ages else value
                yield GaugeMetricFamily(name, self._texts[name], shown)

    def _shared(self) -> Mapping[str, float]:
        """The values that a worker of this server has set last."""
        if self._folder is not None:
            with suppress(OSError, orjson.JSONDecodeError):  # none yet, or the folder is gone
                values: dict[str, float] = orjson.loads(
                    (self._folder / f"{KEPT}{self._name}").read_bytes()
                )
                return values
        return self._values
