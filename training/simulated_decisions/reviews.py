"""Requests for reviews, and reviews by people with habits of their own."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from training.population.columns import Array
from training.simulated_decisions.scenario import REVIEWERS, Scenario
from training.simulated_decisions.scored_month import ScoredMonth

STATEMENT = "Please look at my application again: my income has risen since."
LOW_SIDE = ("INCOME_PROVED", "GUARANTOR")  # reasons to accept a client whom the model refused
HIGH_SIDE = ("DOCUMENTS_MISSING", "SUSPECTED_FRAUD")
CONFIRMED = "CONFIRMED"
LONGEST_WAIT = 35.0  # days, of a client and again of a reviewer: before anybody can default


class Request(NamedTuple):
    """A client's request for a review.

    Attributes:
        at: naive UTC.
        row: of the applicant in the month.
        statement: the client's point of view.
    """

    at: np.datetime64
    row: int
    statement: str | None


class Review(NamedTuple):
    """A review.

    Attributes:
        at: naive UTC.
        row: of the applicant in the month.
        reviewer: a name.
        decision: the final one, 1 refused or 0 accepted.
        reason: a code.
    """

    at: np.datetime64
    row: int
    reviewer: str
    decision: int
    reason: str


@dataclass(frozen=True, eq=False)
class MonthOfReviews:
    """Requests and reviews of a month's decisions, until the end of the scenario.

    Attributes:
        requests, reviews: by time.
        refused: the final decision of each applicant, true if refused, shape (applicants,).
    """

    requests: list[Request]
    reviews: list[Review]
    refused: Array

    @classmethod
    def draw(
        cls, scenario: Scenario, month: ScoredMonth, rng: np.random.Generator
    ) -> "MonthOfReviews":
        """Draw requests, and reviews with their times, reviewers and final decisions."""
        end = np.datetime64(scenario.end.replace(tzinfo=None), "us")
        size = len(month.applicants)
        asks = month.refused & (rng.random(size) < scenario.requested)
        unasked = np.where(month.refused, scenario.unasked_refused, scenario.unasked_accepted)
        chance = np.where(asks, scenario.answered, unasked)
        is_reviewed = rng.random(size) < chance
        again = is_reviewed & (rng.random(size) < scenario.reviewed_again)
        asked_at = month.applicants.at + waits(rng, size, 3.0)
        reviewed_at = np.where(asks, asked_at, month.applicants.at) + waits(rng, size, 4.0)
        again_at = reviewed_at + waits(rng, size, 4.0)
        has_statement = rng.random(size) < 0.5
        requests = [
            Request(asked_at[row], row, STATEMENT if has_statement[row] else None)
            for row in np.flatnonzero(asks & (asked_at < end)).tolist()
        ]
        reviews = [
            review(rng, times[row], row, is_refused=bool(month.refused[row]))
            for some, times in ((is_reviewed, reviewed_at), (again, again_at))
            for row in np.flatnonzero(some & (times < end)).tolist()
        ]
        reviews.sort(key=lambda one: (one.at, one.row))
        refused = month.refused.copy()
        for one in reviews:
            refused[one.row] = one.decision == 1
        return cls(sorted(requests, key=lambda one: (one.at, one.row)), reviews, refused)


def waits(rng: np.random.Generator, size: int, days: float) -> Array:
    """Waiting times of some days each, a gamma law of shape 2; timedelta64[us]."""
    drawn = rng.gamma(2.0, days, size).clip(0.01, LONGEST_WAIT)
    return (drawn * 86_400_000).astype("timedelta64[ms]").astype("timedelta64[us]")


def review(rng: np.random.Generator, at: np.datetime64, row: int, *, is_refused: bool) -> Review:
    """Draw the reviewer, the final decision and the reason.

    Args:
        rng: of the draw.
        at: the time.
        row: of the applicant.
        is_refused: true if the model refused the client.
    """
    names = list(REVIEWERS)
    name = names[rng.choice(len(names), p=[one.share for one in REVIEWERS.values()])]
    habits = REVIEWERS[name]
    overrides = rng.random() < (habits.accepts_refused if is_refused else habits.refuses_accepted)
    reasons = LOW_SIDE if is_refused else HIGH_SIDE
    reason = reasons[rng.integers(len(reasons))] if overrides else CONFIRMED
    return Review(at, row, name, int(is_refused != overrides), reason)
