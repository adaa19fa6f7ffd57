"""`Cells`: the cells of a report, and the cell of each decision."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection

from register.monitoring.counting.values import NOT_KNOWN, Codes, Values
from register.monitoring.query import MonitoringQuery
from register.monitoring.reading.calendar import (
    Days,
    days_of,
    looked_up,
    month_start,
    months_of,
    week_start,
    weeks_of,
)
from register.monitoring.reading.census import Census, group_sizes
from register.monitoring.reading.column_blocks import DAY, Columns
from register.reading.periods import Period
from register.tables import schema
from register.tables.column_types import MICROSECOND, microseconds

MOST_PERIODS = 600  # months or weeks; of more, those before and after all decisions are left out

CellCodes = Callable[[Columns], Codes]


@dataclass(frozen=True)
class Bounds:
    """The time of a month or week within the report's."""

    start: datetime
    end: datetime


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a report.

    Attributes:
        keys: names of the cells.
        codes: gives each decision's cell, an index of `keys`, from columns of `DecisionFacts`.
        bounds: of each month or week; empty for other cells.
        columns: that `codes` needs beside those of `DecisionFacts`, with labels; whole numbers.
        group: the audit column that `columns` needs; None for none.
    """

    keys: Sequence[str]
    codes: CellCodes
    bounds: Sequence[Bounds] = ()
    columns: Sequence[ColumnElement[Any]] = ()
    group: str | None = None

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.keys)


@dataclass(frozen=True)
class Calendar:
    """Months or weeks.

    Attributes:
        of_days: gives the number of each day's month or week.
        start: gives the beginning of one.
        key: gives the name of one from its beginning.
    """

    of_days: Callable[[Days], NDArray[np.int64]]
    start: Callable[[int], datetime]
    key: Callable[[datetime], str]

    def number(self, moment: datetime) -> int:
        """The number of the month or week of a time."""
        return int(self.of_days(np.array([microseconds(moment) // DAY]))[0])


MONTHS = Calendar(months_of, month_start, lambda start: start.isoformat()[:7])
WEEKS = Calendar(weeks_of, week_start, lambda start: f"{start:%G-W%V}")


def cells_of(
    connection: Connection, query: MonitoringQuery, census: Census, grades: Values
) -> Cells:
    """The cells of a report.

    Args:
        connection: to the register.
        query: of the report.
        census: of its decisions.
        grades: codes of the column `grade` of the statement.
    """
    if query.by == "month":
        return _periods(query, census, MONTHS)
    if query.by == "week":
        return _periods(query, census, WEEKS)
    if query.by == "grade":
        return Cells(grades.keys, lambda columns: grades.codes(columns["grade"]))
    if query.by == "bundle":
        return _models(census)
    if query.by == "caller":
        callers = Values.of(census.callers, NOT_KNOWN)
        return _of_values(callers, schema.decision.c.caller)
    known = group_sizes(connection, Period(query.start, query.end), query.group or "")
    sizes = Counter[str | None](known)
    sizes[None] = census.decisions - known.total()
    return _of_values(Values.of(sizes, NOT_KNOWN), schema.audit.c.value, query.group)


def _periods(query: MonitoringQuery, census: Census, calendar: Calendar) -> Cells:
    if query.end <= query.start:
        return Cells((), lambda columns: np.zeros(len(columns["at"]), np.int64))
    first, last = calendar.number(query.start), calendar.number(query.end - MICROSECOND)
    if last - first >= MOST_PERIODS and census.bundles:
        first = calendar.number(min(use.first for use in census.bundles))
        last = calendar.number(max(use.last for use in census.bundles))
    starts = [calendar.start(number) for number in range(first, last + 2)]
    return Cells(
        [calendar.key(start) for start in starts[:-1]],
        lambda columns: looked_up(calendar.of_days, days_of(columns["at"])) - first,
        [Bounds(max(start, query.start), min(end, query.end)) for start, end in pairwise(starts)],
    )


def _models(census: Census) -> Cells:
    keys = list(dict.fromkeys(use.model for use in census.bundles))
    ids = np.array(sorted(use.id for use in census.bundles))
    models = {use.id: keys.index(use.model) for use in census.bundles}
    codes = np.array([models[number] for number in ids.tolist()], np.int64)
    return Cells(keys, lambda columns: codes[np.searchsorted(ids, columns["bundle"])])


def _of_values(values: Values, column: ColumnElement[Any], group: str | None = None) -> Cells:
    return Cells(
        values.keys,
        lambda columns: values.codes(columns["cell"]),
        columns=[values.code(column).label("cell")],
        group=group,
    )
