"""Figures of the last full week as metrics, computed by one worker of a server for all."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

import orjson

from api.register.monitoring_query import FiguresQuery
from credit_scoring.monitoring.rates.proportion import LEAST
from register.errors import RegisterError
from register.reading.open_requests import RequestCounts, oldest_open_request, requests_of_time
from service.recording.monitoring.monitoring import Monitoring
from service.recording.reader_pool import ReaderPool
from serving.observability.metrics import Metrics
from serving.workers.sole_worker import SoleWorker

FIRST_SECONDS = 15.0  # after the start, which has other work
SECONDS = 3600.0  # between two computations
RETRY_SECONDS = 300.0  # after one that failed, or until another worker ends
WEEK = timedelta(weeks=1)
BEFORE = 4  # weeks that the last one is compared with

END, DECISIONS = "monitoring_week_end_seconds", "monitoring_week_decisions"
PSI, EXPECTED_PSI = "monitoring_score_psi", "monitoring_score_psi_expected"
APPROVAL, APPROVAL_BEFORE = "monitoring_approval_ratio", "monitoring_approval_ratio_before"
OVERRIDES, UNREVIEWED = "monitoring_override_ratio", "monitoring_unreviewed_ratio"
OLDEST = "register_oldest_review_request_seconds"

TEXTS = {
    END: "End of the last full week (to Sunday, in UTC), in seconds since 1970",
    DECISIONS: "Decisions of that week",
    PSI: "Population stability index of that week's probabilities against the reference clients",
    EXPECTED_PSI: "Mean of that index if the applicants were drawn from the reference clients",
    APPROVAL: "Share of that week's applications accepted after reviews; absent below 30",
    APPROVAL_BEFORE: "The same share of the four weeks before together; absent below 30",
    OVERRIDES: "Share of that week's decisions that reviews overruled; absent below 30",
    UNREVIEWED: "Share of the review requests made in that week that are still open; absent without"
    " one",
    OLDEST: "Age of the oldest open review request of all; absent if none is open",
}

log = logging.getLogger(__name__)


class WeeklyGauges:
    """Computes the gauges again and again, in the process of `figures`."""

    def __init__(self, metrics: Metrics, monitoring: Monitoring, readers: ReaderPool) -> None:
        """Add the gauges, which have no value yet.

        Args:
            metrics: show them.
            monitoring: computes the figures of weeks.
            readers: look for the oldest open review request.
        """
        self._gauges = metrics.gauges("week", TEXTS, ages={OLDEST})
        self._monitoring = monitoring
        self._readers = readers
        self._sole = SoleWorker("week")

    async def run(self) -> None:
        """Compute the gauges once an hour, unless another worker does."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            seconds = RETRY_SECONDS
            if self._sole.hold():
                try:
                    await self.compute()
                except RegisterError:  # the log has the reason: the gauges stay as they are
                    log.debug("the gauges of the week stay as they are")
                else:
                    seconds = SECONDS
            await asyncio.sleep(seconds)

    async def compute(self) -> None:
        """Compute the gauges of the last full week.

        Raises:
            RegisterError: the figures or the register are away.
        """
        end = last_monday(datetime.now(UTC))
        start = end - (BEFORE + 1) * WEEK
        query = {"by": "week", "from": start.isoformat(), "to": end.isoformat()}
        report = orjson.loads(await self._monitoring.answer(FiguresQuery.read(query)))
        oldest = await self._readers.read(oldest_open_request)
        within = partial(requests_of_time, start=end - WEEK, end=end)
        requests = request_values(oldest, await self._readers.read(within))
        self._gauges.set(week_values(report["cells"], end) | requests)


def last_monday(now: datetime) -> datetime:
    """The beginning of the week of a time, in UTC."""
    return datetime.combine(now.date() - timedelta(days=now.weekday()), time(), UTC)


def week_values(cells: Sequence[Mapping[str, Any]], end: datetime) -> dict[str, float | None]:
    """The gauges of a week; None for one without a value.

    Args:
        cells: of a report by week, as decoded JSON.
        end: of the week.
    """
    starts = {cell["key"]: cell for cell in cells}
    week = starts.get(week_key(end - WEEK))
    earlier = [starts.get(week_key(end - (1 + number) * WEEK)) for number in range(1, BEFORE + 1)]
    before = [cell["approval"] for cell in earlier if cell is not None]
    values: dict[str, float | None] = {END: end.timestamp(), DECISIONS: 0.0}
    if week is None:
        return values
    drift = week["score_drift"]
    return values | {
        DECISIONS: week["volume"],
        PSI: drift and drift["index"],
        EXPECTED_PSI: drift and drift["expected"],
        APPROVAL: week["approval"]["rate"],
        APPROVAL_BEFORE: rate_of(before),
        OVERRIDES: week["overrides"]["all"]["rate"],
    }


def request_values(oldest: datetime | None, made: RequestCounts) -> dict[str, float | None]:
    """The gauges of review requests.

    Args:
        oldest: the time of the oldest open one.
        made: those of a week, about decisions of any time: clients ask days after a decision.
    """
    return {
        UNREVIEWED: made.open / made.requests if made.requests else None,
        OLDEST: None if oldest is None else oldest.timestamp(),
    }


def week_key(start: datetime) -> str:
    """The key of a week's cell."""
    year, week, _ = start.isocalendar()
    return f"{year}-W{week:02}"


def rate_of(proportions: Sequence[Mapping[str, Any]]) -> float | None:
    """The rate of several proportions together; None below the least number for a rate."""
    of = sum(proportion["of"] for proportion in proportions)
    return sum(proportion["count"] for proportion in proportions) / of if of >= LEAST else None
