"""Calendar days, weeks and months in UTC, of arrays of days since 1970.

A month after 31 January is 28 or 29 February: a day that a month lacks is its last one. Both
databases hold the days; only this module computes with them.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from register.monitoring.reading.column_blocks import DAY
from register.tables.column_types import EPOCH, MICROSECOND

Days = NDArray[np.int64]
THURSDAY = 3  # days from Monday to that of 1 January 1970


def days_of(moments: NDArray[np.int64]) -> Days:
    """The days of times in microseconds since 1970."""
    return moments // DAY


def day_number(day: date) -> int:
    """Days since 1970 of a date."""
    return (day - EPOCH.date()).days


def months_of(days: Days) -> NDArray[np.int64]:
    """The months of days, counted from January 1970."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def weeks_of(days: Days) -> NDArray[np.int64]:
    """The weeks of days, which start on Monday, counted from that of 1 January 1970."""
    return (days + THURSDAY) // 7


def days_in(days: Days) -> NDArray[np.int64]:
    """The days of their months, 0 for the first."""
    return days - first_days(months_of(days))


def first_days(months: NDArray[np.int64]) -> Days:
    """The first days of months."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def later(days: Days, months: NDArray[np.int64] | int) -> Days:
    """The days some calendar months later."""
    target = months_of(days) + months
    first = first_days(target)
    found: Days = first + np.minimum(days_in(days), first_days(target + 1) - first - 1)
    return found


def looked_up(function: Callable[[Days], NDArray[np.int64]], days: Days) -> NDArray[np.int64]:
    """A function of days, computed once for each day between the first and the last one."""
    if not len(days):
        return days
    first = days.min()
    found: NDArray[np.int64] = function(np.arange(first, days.max() + 1))[days - first]
    return found


def months_between(days: Days, ends: Days) -> NDArray[np.float64]:
    """Months from days to others not before them, whole calendar months and the part of the next.

    A day is at most k months later if and only if it is not after `later(days, k)`.
    """
    whole = months_of(ends) - months_of(days)
    whole -= later(days, whole) > ends
    start = later(days, whole)
    part: NDArray[np.float64] = (ends - start) / (later(days, whole + 1) - start)
    return whole.astype(np.float64) + part


def month_start(month: int) -> datetime:
    """The beginning of a month that is counted from January 1970; else the last possible time."""
    year, index = divmod(month, 12)
    if year + EPOCH.year > date.max.year:
        return datetime.max.replace(tzinfo=UTC)
    return datetime(year + EPOCH.year, index + 1, 1, tzinfo=UTC)


def week_start(week: int) -> datetime:
    """The beginning of a week that is counted from that of 1 January 1970; see `month_start`."""
    try:
        return EPOCH + timedelta(weeks=week) - timedelta(THURSDAY)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def moment_at(microseconds: int) -> datetime:
    """The time some microseconds after the beginning of 1970."""
    return EPOCH + int(microseconds) * MICROSECOND
