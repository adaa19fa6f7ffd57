"""`ReviewCounts`: review requests, reviews and overrides, by cell."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_scoring.monitoring.performance.observations import Vector
from credit_scoring.monitoring.rates.proportion import wilson
from register.monitoring.counting.values import Codes, Values
from register.monitoring.document.cell import ReviewFigures
from register.monitoring.document.override_tables import OverrideRow
from register.monitoring.reading.calendar import moment_at
from register.monitoring.reading.column_blocks import Columns
from register.monitoring.reading.labels import Flags
from register.monitoring.reading.review_steps import REVIEW

HOUR = 3_600_000_000  # microseconds


@dataclass(frozen=True, eq=False)
class ReviewCounts:
    """Steps of decisions: reviews, and requests for them; each array has the shape (steps,).

    Attributes:
        cell: of the decision.
        at: microseconds since 1970.
        is_review: false for a request.
        is_open: a request that is newer than all reviews of its decision.
        changed: a review that changed the decision that stood before it.
        is_last: the last review of its decision.
        hours: from a request to the first review after it; NaN for other steps.
        prediction: of the model.
        decided: by the review.
    """

    cell: Codes
    at: NDArray[np.int64]
    is_review: Flags
    is_open: Flags
    changed: Flags
    is_last: Flags
    hours: Vector
    prediction: NDArray[np.int64]
    decided: NDArray[np.int64]

    @classmethod
    def of(cls, steps: Columns) -> "ReviewCounts":
        """Derive waiting times and changes from the order of the steps.

        Args:
            steps: of `ReviewedDecisions`.
        """
        cell = steps["cell"]
        number, index = len(cell), np.arange(len(cell))
        owner = np.append(np.cumsum(steps["position"] == 1), [-1])  # one more, of no decision
        is_review, at, decided = steps["kind"] == REVIEW, steps["step_at"], steps["decided"]
        # The next review from each step on, and the last one before it; `number` if there is none.
        following = np.minimum.accumulate(np.where(is_review, index, number)[::-1])[::-1]
        following = np.append(following, [number])
        is_answered = owner[following[:-1]] == owner[:-1]
        before = np.maximum.accumulate(np.where(is_review, index, -1))
        before = np.append([-1], before)[:number]  # -1: the one of no decision
        stands = np.where(
            owner[before] == owner[:-1], np.append(decided, [0])[before], steps["prediction"]
        )
        waited = (np.append(at, [0])[following[:-1]] - at) / HOUR
        return cls(
            cell=cell,
            at=at,
            is_review=is_review,
            is_open=~is_review & ~is_answered,
            changed=is_review & (decided != stands),
            is_last=is_review & (owner[following[1:]] != owner[:-1]),
            hours=np.where(~is_review & is_answered, waited, np.nan),
            prediction=steps["prediction"],
            decided=decided,
        )

    def figures(self, rows: NDArray[np.intp] | slice) -> ReviewFigures:
        """The figures of some steps.

        Args:
            rows: all steps of some decisions.
        """
        is_review, is_open = self.is_review[rows], self.is_open[rows]
        hours = self.hours[rows]
        hours = hours[~np.isnan(hours)]
        quantiles = np.percentile(hours, [50, 90]).tolist() if len(hours) else [None, None]
        waiting, reviews = self.at[rows][is_open], int(np.count_nonzero(is_review))
        return ReviewFigures(
            requests=len(is_review) - reviews,
            open=len(waiting),
            oldest_open=moment_at(waiting.min()) if len(waiting) else None,
            reviewed=int(np.count_nonzero(self.is_last[rows])),
            reviews=reviews,
            changed=wilson(int(np.count_nonzero(self.changed[rows])), reviews),
            hours_median=quantiles[0],
            hours_p90=quantiles[1],
        )

    def overrides(
        self,
        values: Values,
        codes: Codes,
        refused: Counter[str] | None = None,
        accepted: Counter[str] | None = None,
    ) -> Sequence[OverrideRow]:
        """The reviewed decisions by a key such as the reason of their last review.

        Args:
            values: of the key.
            codes: of each step's decision or review.
            refused, accepted: decisions of the model that proportions are of, by key; None for the
                reviewed ones.
        """
        keys, number = codes[self.is_last], len(values.keys)
        prediction, final = self.prediction[self.is_last], self.decided[self.is_last]

        def count(chosen: Flags) -> dict[str, int]:
            counted = np.bincount(keys[chosen], minlength=number).tolist()
            return dict(zip(values.keys, counted, strict=True))

        reviewed = count(keys >= 0)
        low, high = count(prediction > final), count(prediction < final)
        of_low = count(prediction == 1) if refused is None else values.by_key(refused)
        of_high = count(prediction == 0) if accepted is None else values.by_key(accepted)
        rows = [
            OverrideRow(
                key=key,
                reviews=reviewed[key],
                low_side=wilson(low[key], of_low[key]),
                high_side=wilson(high[key], of_high[key]),
            )
            for key in values.keys
            if reviewed[key]
        ]
        return sorted(rows, key=lambda row: (-row.reviews, row.key))
