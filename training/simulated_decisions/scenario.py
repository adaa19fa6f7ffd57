"""`Scenario`: the laws and events of the simulated months, from which the truth is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np

from training.population.columns import Array
from training.population.simulation import Shift

MONTHS = 24
WINDOW = 12  # months on book within which a default counts


def month_after(day: date, months: int) -> date:
    """The first day of a month, some months after that of a day."""
    years, index = divmod(day.month - 1 + months, 12)
    return date(day.year + years, index + 1, 1)


@dataclass(frozen=True)
class Reviewer:
    """A person who reviews decisions.

    Attributes:
        share: of all reviews.
        accepts_refused: probability of a low-side override, of a client whom the model refused.
        refuses_accepted: probability of a high-side override, of a client whom it accepted.
    """

    share: float
    accepts_refused: float
    refuses_accepted: float


REVIEWERS = {
    "anna": Reviewer(0.5, 0.25, 0.15),
    "ben": Reviewer(0.3, 0.1, 0.3),
    "chloe": Reviewer(0.2, 0.6, 0.05),
}
CALLERS = {"web": 0.6, "branch": 0.25, "broker": 0.15}


@dataclass(frozen=True)
class TimeOfDefault:
    """The law of the months on book at a default. Nobody is 90 days late before month 3.

    A default within the window has the distribution ((t - 3) / 9) ** 1.25 for t from 3 to 12. For
    each of them there are `later` others, evenly spread from month 12.1 to month 24.
    """

    first: float = 3.0
    shape: float = 1.25
    later: float = 0.3

    def share(self, months: Array | float) -> Array:
        """The share of the window's defaults that happened by some months on book, up to 12."""
        passed = (np.asarray(months, float) - self.first) / (WINDOW - self.first)
        return np.asarray(passed.clip(0, 1) ** self.shape)

    def draw(self, rng: np.random.Generator, pd: Array) -> Array:
        """Draw months on book at the default of each loan; infinite without one.

        Args:
            rng: of the draw.
            pd: true probabilities of a default within the window, shape (loans,).
        """
        place = rng.random(len(pd)) / pd
        within = self.first + (WINDOW - self.first) * place.clip(max=1) ** (1 / self.shape)
        later = 12.1 + 11.9 * (place - 1) / self.later
        return np.where(place < 1, within, np.where(later < 24, later, np.inf))


@dataclass(frozen=True)
class Scenario:
    """The simulated lender.

    Attributes:
        start: the first day of the first month.
        decisions: their number in all.
        seed: the same one gives the same decisions.
        base: the applicants of the first months, against the usual population.
        drifted: what is added to it each month from `drift_from` on, `drift_months` times.
        drift_from, drift_months: numbers of months, from 0.
        outbreak: numbers of the months whose applicants have `outbreak_odds` times the true odds.
        swap: number of the month in whose middle the second model comes into use.
        taken_up: probability that an accepted client takes the loan.
        followed: probability that a loan's outcomes are reported at all.
        requested: probability that a client asks for a review of a refusal.
        answered: probability that a request is reviewed.
        unasked_refused, unasked_accepted: probability of a review without a request.
        reviewed_again: probability that a second person reviews the same decision.
        unknown_group: probability that a client's sex or age is not known.
    """

    start: date = date(2024, 11, 1)
    decisions: int = 24_000
    seed: int = 1
    base: Shift = field(default_factory=lambda: Shift(log_odds=0.45))
    drifted: Shift = field(default_factory=lambda: Shift(discipline=-0.14, wealth=-0.12))
    drift_from: int = 8
    drift_months: int = 3
    outbreak: tuple[int, ...] = (4, 5)
    outbreak_odds: float = 2.5
    swap: int = 12
    taken_up: float = 0.94
    followed: float = 0.93
    requested: float = 0.2
    answered: float = 0.9
    unasked_refused: float = 0.05
    unasked_accepted: float = 0.03
    reviewed_again: float = 0.04
    unknown_group: float = 0.02
    time_of_default: TimeOfDefault = TimeOfDefault()

    def month(self, number: int) -> date:
        """The first day of a month, by its number from 0; `MONTHS` gives the end."""
        return month_after(self.start, number)

    def moment(self, number: int) -> datetime:
        """The beginning of a month in UTC."""
        return datetime.combine(self.month(number), datetime.min.time(), UTC)

    @cached_property
    def end(self) -> datetime:
        """The end of the last month; nothing later is known."""
        return self.moment(MONTHS)

    @cached_property
    def swap_at(self) -> datetime:
        """The time when the second model comes into use."""
        return self.moment(self.swap) + timedelta(days=15)

    def drift_steps(self, month: int) -> int:
        """The number of times that the applicants of a month have drifted."""
        return min(max(month - self.drift_from + 1, 0), self.drift_months)

    def shift(self, month: int) -> Shift:
        """The applicants of a month, against the usual population; without the outbreak."""
        steps = self.drift_steps(month)
        return Shift(
            discipline=self.base.discipline + steps * self.drifted.discipline,
            wealth=self.base.wealth + steps * self.drifted.wealth,
            log_odds=self.base.log_odds + steps * self.drifted.log_odds,
        )

    def odds(self, month: int) -> float:
        """The factor of the true odds of a month's applicants."""
        return self.outbreak_odds if month in self.outbreak else 1.0

    @property
    def facts(self) -> Mapping[str, object]:
        """The events and laws, for `truth.json`."""
        law = self.time_of_default
        return {
            "start": self.month(0).isoformat(),
            "end": self.month(MONTHS).isoformat(),
            "window": WINDOW,
            "drift": {
                "from": f"{self.month(self.drift_from):%Y-%m}",
                "months": self.drift_months,
                "each_month": vars(self.drifted),
            },
            "outbreak": {
                "months": [f"{self.month(number):%Y-%m}" for number in self.outbreak],
                "odds": self.outbreak_odds,
            },
            "swap": self.swap_at.isoformat().replace("+00:00", "Z"),
            "taken_up": self.taken_up,
            "followed": self.followed,
            "defaulted_by_month": [round(float(law.share(t)), 6) for t in range(1, WINDOW + 1)],
        }
