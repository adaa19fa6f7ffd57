"""`VintageCounts`: loans by month of the decision and time on book, for Kaplan-Meier's curves."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from credit_scoring.monitoring.performance.vintages import Vintage, vintage
from register.monitoring.reading.calendar import (
    days_of,
    first_days,
    looked_up,
    month_start,
    months_between,
    months_of,
)
from register.monitoring.reading.column_blocks import NO_DAY, Columns
from register.monitoring.reading.decision_facts import REPAID
from register.monitoring.reading.labels import Labels, PerformanceWindow

LONGEST_MONTH = 31  # days


@dataclass(eq=False)
class VintageCounts:
    """Loans of each month, by the day of the decision and the days until an event.

    The counts take as much memory for ten million loans as for a thousand.

    Attributes:
        window: a loan is followed up to its end at most.
        months: by month since 1970, the number of loans, shape (31, days + 1, 2): by the day of the
            decision in the month, the days from then to the event, and the event: 0 if the loan was
            observed last, 1 if its first default was.
    """

    window: PerformanceWindow
    months: dict[int, NDArray[np.int64]] = field(default_factory=dict)

    def add(self, facts: Columns, labels: Labels) -> None:
        """Count the loans of some decisions.

        A repaid loan cannot default any more: it stays among the loans at risk for as long as other
        loans may have been observed. Without it the others would make the curve too high.

        Args:
            facts: columns of `DecisionFacts`.
            labels: of the same decisions.
        """
        days = days_of(facts["at"][labels.loan])
        bad, observed = (facts[name][labels.loan] for name in ("first_bad", "last_observed"))
        repaid = facts["last_status"][labels.loan] == REPAID
        observed = np.where(repaid, np.maximum(observed, self.window.last_end), observed)
        ends = self.window.ends(days)
        defaulted = (bad != NO_DAY) & (bad <= ends)
        until = np.clip(np.where(defaulted, bad, observed), days, ends) - days
        months = looked_up(months_of, days)
        shape = (LONGEST_MONTH, LONGEST_MONTH * self.window.months + 1, 2)
        for month in np.unique(months).tolist():
            of_month = months == month
            index = np.ravel_multi_index(
                (
                    days[of_month] - first_days(np.array(month)),
                    until[of_month],
                    defaulted[of_month].astype(np.int64),
                ),
                shape,
            )
            counts = np.bincount(index, minlength=int(np.prod(shape))).reshape(shape)
            self.months[month] = self.months.get(month, 0) + counts

    def vintages(self) -> list[Vintage]:
        """The curve of each month that has loans, in order."""
        return [self._vintage(month) for month in sorted(self.months)]

    def _vintage(self, month: int) -> Vintage:
        counts = self.months[month]
        day, until, event = np.nonzero(counts)
        start = first_days(np.array(month)) + day
        times = months_between(start, start + until)
        each = counts[day, until, event]
        return vintage(
            f"{month_start(month).isoformat()[:7]}",
            np.repeat(times, each),
            np.repeat(event == 1, each),
            self.window.months,
        )
