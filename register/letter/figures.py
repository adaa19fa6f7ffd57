"""Scores of a letter: the client's, and those without a reason, on a scale from 0 to 100.

A reason's contribution is the client's less the peers' mean, and all contributions add up to the
model's raw output. The score without a reason is therefore the score if the reason's features
counted as they do on average among the peers. It is not the score of another application.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.special import expit

from credit_scoring.explain.reason_codes import Reason
from credit_scoring.model.scorecard import log_odds

MOST_DECIMALS = 6


@dataclass(frozen=True)
class Figures:
    """Probabilities that a letter states as scores.

    Attributes:
        score: of the application.
        limit: the decision threshold.
        without: without each reason; empty if contributions do not add up to the score.
        without_all: without all reasons; None as above, and for a single reason.
        before: before the application's changes; None without changes.
    """

    score: float
    limit: float
    without: tuple[float, ...]
    without_all: float | None
    before: float | None

    @classmethod
    def of_answer(cls, answer: Mapping[str, Any], reasons: Sequence[Reason]) -> "Figures":
        """The figures of a recorded answer.

        Args:
            answer: the fields of `/score`.
            reasons: the reasons that the letter states.
        """
        probability, scale = answer["probability"], answer["contributions_in"]
        contributions = [reason.contribution for reason in reasons]
        without = [_without(probability, size, scale) for size in contributions]
        together = _without(probability, math.fsum(contributions), scale)
        before = answer.get("before")
        return cls(
            score=probability,
            limit=answer["threshold"],
            without=tuple(size for size in without if size is not None),
            without_all=together if len(reasons) > 1 else None,
            before=None if before is None else before["probability"],
        )

    @property
    def decimals(self) -> int:
        """The fewest decimals at which no score looks like the limit, except an equal one.

        A limit that is not a whole number has at least one.
        """
        scores = {self.score, *self.without, self.without_all, self.before} - {None, self.limit}
        is_whole = round(100 * self.limit, MOST_DECIMALS).is_integer()
        for decimals in range(0 if is_whole else 1, MOST_DECIMALS):
            limit = round(100 * self.limit, decimals)
            if limit not in {round(100 * score, decimals) for score in scores if score is not None}:
                return decimals
        return MOST_DECIMALS


def _without(probability: float, contribution: float, scale: str) -> float | None:
    """The probability less a contribution; None if they have no common scale."""
    if scale == "probability":
        return min(max(probability - contribution, 0.0), 1.0)
    if scale == "log-odds" and 0 < probability < 1:
        return float(expit(log_odds(probability) - contribution))
    return None
