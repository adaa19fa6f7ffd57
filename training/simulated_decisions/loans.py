"""`MonthOfLoans`: how the granted loans of a month went, as it was observed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from training.population.columns import Array
from training.simulated_decisions.reviews import MonthOfReviews
from training.simulated_decisions.scenario import WINDOW, Scenario
from training.simulated_decisions.scored_month import ScoredMonth

LOOKS = (3, 6, 12, 18)  # months on book, after which a loan is looked at within five days
NOT_TAKEN_UP_AFTER = 20  # days
LATE = 0.06  # of the loans that are looked at and do not default
REPAID = 0.5  # of the loans, evenly spread from month 12.5 on
WRITTEN_OFF, MONTHS_TO_WRITE_OFF = 0.5, 6
CORRECTED_LATE, CORRECTED_DEFAULTED = 0.15, 0.1  # of such rows, recorded wrongly at first


class Outcome(NamedTuple):
    """An observed status; `first` is the one that was recorded before a correction."""

    observed: np.datetime64
    row: int
    status: str
    first: str | None = None


@dataclass(frozen=True, eq=False)
class MonthOfLoans:
    """The loans of a month's accepted applicants.

    Attributes:
        accepted: true for each applicant who is accepted in the end, shape (applicants,).
        taken_up: true for each loan, shape (applicants,).
        followed: true for each loan whose outcomes are reported, shape (applicants,).
        default: months on book at the default; infinite without one, shape (applicants,).
        day: days of the decisions, shape (applicants,).
        outcomes: what was observed until the end.
    """

    accepted: Array
    taken_up: Array
    followed: Array
    default: Array
    day: Array
    outcomes: list[Outcome]

    @property
    def edge(self) -> Array:
        """The last day of each loan's performance window."""
        return after_months(self.day, np.full(len(self.day), float(WINDOW)))

    @classmethod
    def draw(
        cls,
        scenario: Scenario,
        month: ScoredMonth,
        reviews: MonthOfReviews,
        rng: np.random.Generator,
    ) -> "MonthOfLoans":
        """Draw who takes the loan, who defaults and when, and what is observed of it."""
        size = len(month.applicants)
        accepted = ~reviews.refused
        taken_up = accepted & (rng.random(size) < scenario.taken_up)
        followed = taken_up & (rng.random(size) < scenario.followed)
        default = scenario.time_of_default.draw(rng, month.applicants.risk)
        repaid = np.where(rng.random(size) < REPAID, WINDOW + 0.5 + 11 * rng.random(size), np.inf)
        day = month.applicants.at.astype("datetime64[D]")
        end = np.datetime64(scenario.end.date())
        observer = Observer(rng, day, default, repaid, end)
        outcomes = list(observer.not_taken_up(np.flatnonzero(accepted & ~taken_up)))
        for row in np.flatnonzero(followed).tolist():
            outcomes += observer.of_loan(row)
        return cls(accepted, taken_up, followed, default, day, sorted(outcomes))


@dataclass(frozen=True, eq=False)
class Observer:
    """Observes loans until the end.

    Attributes:
        rng: of the draws.
        day: days of the decisions.
        default, repaid: months on book; infinite without one.
        end: the last day.
    """

    rng: np.random.Generator
    day: Array
    default: Array
    repaid: Array
    end: np.datetime64

    def not_taken_up(self, rows: Array) -> Iterator[Outcome]:
        """A row for each accepted client who does not take the loan, some days later."""
        for row in rows.tolist():
            observed = self.day[row] + np.timedelta64(NOT_TAKEN_UP_AFTER, "D")
            if observed <= self.end:
                yield Outcome(observed, row, "not_taken_up")

    def of_loan(self, row: int) -> Iterator[Outcome]:
        """The rows of a loan: when it is looked at, when it ends, and at the end."""
        closed = min(self.default[row], self.repaid[row])
        last = self.end
        if np.isfinite(closed):
            last = min(self.end, self._day(row, closed))
        for months in LOOKS:
            lag = np.timedelta64(int(self.rng.integers(1, 6)), "D")
            if (observed := self._day(row, months) + lag) < last:
                yield self._look(observed, row)
        if np.isfinite(closed) and self._day(row, closed) <= self.end:
            yield from self._closed(row)
        else:
            yield Outcome(self.end, row, "current")

    def _look(self, observed: np.datetime64, row: int) -> Outcome:
        if self.rng.random() >= LATE:
            return Outcome(observed, row, "current")
        wrong = self.rng.random() < CORRECTED_LATE
        return Outcome(observed, row, "late", "defaulted" if wrong else None)

    def _closed(self, row: int) -> Iterator[Outcome]:
        if self.repaid[row] < self.default[row]:
            yield Outcome(self._day(row, self.repaid[row]), row, "repaid")
            return
        observed = self._day(row, self.default[row])
        wrong = self.rng.random() < CORRECTED_DEFAULTED
        yield Outcome(observed, row, "defaulted", "late" if wrong else None)
        written_off = self._day(row, self.default[row] + MONTHS_TO_WRITE_OFF)
        if self.rng.random() < WRITTEN_OFF and written_off <= self.end:
            yield Outcome(written_off, row, "written_off")

    def _day(self, row: int, months: float) -> np.datetime64:
        found: np.datetime64 = after_months(self.day[row : row + 1], np.array([float(months)]))[0]
        return found


def after_months(day: Array, months: Array) -> Array:
    """Days some months later: whole calendar months, then a part of the next one.

    A day that a month does not have becomes its last one, so that 31 January and one month give
    28 or 29 February.

    Args:
        day: datetime64[D], shape (n,).
        months: from 0, shape (n,).
    """
    whole = np.floor(months).astype(int)
    start, stop = (_same_day(day, whole + more) for more in (0, 1))
    part = np.rint((months - whole) * (stop - start).astype(int)).astype("timedelta64[D]")
    return np.asarray(start + part)


def _same_day(day: Array, months: Array) -> Array:
    month = day.astype("datetime64[M]")
    number = (day - month.astype("datetime64[D]")).astype(int)
    later = month + months
    first = later.astype("datetime64[D]")
    length = ((later + 1).astype("datetime64[D]") - first).astype(int)
    return np.asarray(first + np.minimum(number, length - 1))
