"""`Labels`: how accepted applications ended within the performance window."""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from register.monitoring.reading.calendar import day_number, days_of, later, looked_up
from register.monitoring.reading.column_blocks import NO_DAY, Columns
from register.monitoring.reading.decision_facts import NOT_TAKEN_UP, REPAID

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class PerformanceWindow:
    """The months after a decision in which a default counts.

    Attributes:
        months: its length in calendar months.
        as_of: the time of the report.
        observed_until: the last day up to then of which the register has an outcome; None without
            one. Defaults are known as they happen, and other ends at the end of a window: of a
            window that ends later, only the bad loans would be known.
    """

    months: int
    as_of: datetime
    observed_until: date | None = None

    def ends(self, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """The last days of the windows of decisions that were made on some days."""
        return looked_up(lambda some: later(some, self.months), days)

    @property
    def last_end(self) -> int:
        """The day since 1970 up to which windows have ended."""
        today = self.as_of.date()
        return day_number(min(today, self.observed_until or today))


@dataclass(frozen=True, eq=False)
class Labels:
    """Each decision's label, in arrays of shape (decisions,).

    Attributes:
        accepted: the final decision is to accept.
        not_taken_up: accepted, and by the last outcome without a loan.
        loan: accepted, and not `not_taken_up`.
        mature: a loan whose window has ended.
        bad: a mature loan with a default or loss in its window, its last day included.
        good: a mature loan that is not bad, and was observed at the end of its window or later, or
            was repaid.
    """

    accepted: Flags
    not_taken_up: Flags
    loan: Flags
    mature: Flags
    bad: Flags
    good: Flags

    @classmethod
    def of(cls, facts: Columns, window: PerformanceWindow) -> "Labels":
        """The labels of decisions.

        Args:
            facts: columns of `DecisionFacts`: `at`, `final`, `first_bad`, `last_observed` and
                `last_status`.
            window: of the report.
        """
        ends = window.ends(days_of(facts["at"]))
        accepted = facts["final"] == 0
        not_taken_up = accepted & (facts["last_status"] == NOT_TAKEN_UP)
        loan = accepted & ~not_taken_up
        mature = loan & (ends <= window.last_end)
        is_bad = (facts["first_bad"] != NO_DAY) & (facts["first_bad"] <= ends)
        is_good = (facts["last_observed"] >= ends) | (facts["last_status"] == REPAID)
        return cls(
            accepted=accepted,
            not_taken_up=not_taken_up,
            loan=loan,
            mature=mature,
            bad=mature & is_bad,
            good=mature & ~is_bad & is_good,
        )
