"""Sensitivity of one row's score to one feature, and the value that flips the decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, WithJsonSchema

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.whatif.curves.breakpoints import VariedRow
from credit_scoring.whatif.curves.decision_runs import DecisionRuns
from credit_scoring.whatif.curves.ice import IceCurve, ice_curve
from credit_scoring.whatif.curves.linear_knots import is_linear
from credit_scoring.whatif.curves.log_odds_line import (
    LogOddsLine,
    changes_everywhere,
    log_odds_line,
)
from credit_scoring.whatif.curves.row_scores import scored

Value = float | str
PAIRS = {  # a value and a probability; FastAPI writes no schema for tuples
    "type": "array",
    "items": {
        "type": "array",
        "items": {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]},
    },
}
Steps = tuple[tuple[Value, float | None], ...]
Recomputed = Annotated[
    Sequence[str], Field(description="features that depend on this one, computed again")
]
Stale = Annotated[
    Sequence[str],
    Field(description="features that depend on this one, but cannot be computed here"),
]


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """The score of one row as a function of one feature.

    Dependent features are computed. In the shape "steps", a step is its first value and the
    probability of class 1 from there to the next step; its start is the first double with this
    score. In the shape "line", steps are knots: a value and its probability, and between two of
    them the log-odds are linear. One double before `flip`, seen from the row's own value, the
    decision is that of the row, or the model refuses the value, as beside a pole.
    """

    value: Annotated[Value | None, Field(description="the present value; null if missing")]
    probability: Annotated[float, Field(description="with the present value")]
    steps: Annotated[
        Steps,
        WithJsonSchema(PAIRS),
        Field(
            description="pairs of a first value and the probability from there on, lowest first;"
            " of a line, of a knot and its probability; for text, of each category; the probability"
            " is null if the model refuses the value"
        ),
    ]
    exact: Annotated[
        bool,
        Field(
            description="true if the score is proved to change only at the start of a step, or the"
            " log-odds to be linear between knots, and `flip` to be the nearest value"
        ),
    ]
    flip: Annotated[
        Value | None, Field(description="the nearest value with the other decision; null if none")
    ]
    recomputed: Recomputed
    stale: Stale
    shape: Annotated[
        Literal["steps", "line"],
        Field(
            description="steps: the probability is constant from each value to the next; line: the"
            " log-odds of the probability are linear between a value and the next"
        ),
    ]
    low: Annotated[
        float | None,
        Field(description="the lowest value that the steps cover; null for text and flags"),
    ]
    high: Annotated[
        float | None,
        Field(description="the highest value that the steps cover; null for text and flags"),
    ]


def sensitivity(
    scorer: RawScorer, row: RawBatch, feature: str, low: float, high: float, threshold: float
) -> Sensitivity:
    """The score of one row as a function of one feature.

    A present value outside the range extends the range in which `flip` is searched. If the value is
    missing, `flip` is the lowest value with the other decision.

    Args:
        scorer: scores the rows.
        row: one row.
        feature: a raw feature's name.
        low, high: the range of a number, such as that of all known values; NaN without one. Not
            used for text.
        threshold: decision threshold, a probability.

    Raises:
        UnknownFeature: no feature has that name.
        InvalidApplication: the model refuses the unchanged row.
    """
    column = scorer.column_of(feature)
    probability = float(scorer.probabilities(row)[0])
    value = own_value(row, column)
    recomputed, stale = scorer.dictionary.follow({feature})
    steps: Steps = ()
    flip: Value | None = None
    is_exact = True
    shape: Literal["steps", "line"] = "steps"
    is_covered = False
    if known := categories(scorer, feature):
        steps = tuple(zip(known, category_scores(scorer, row, feature, known), strict=True))
        flip = flip_category(steps, probability, threshold)
    elif low <= high:
        curve = _curve(varied_row(scorer, row, feature, low, high), (low, high), threshold)
        steps, is_exact, shape = tuple(curve.within(low, high)), curve.is_exact, curve.shape
        flip = _flip(curve.runs, value, low, probability >= threshold)
        is_covered = True
    return Sensitivity(
        value=value,
        probability=probability,
        steps=steps,
        exact=is_exact,
        flip=flip,
        recomputed=tuple(recomputed),
        stale=tuple(stale),
        shape=shape,
        low=low if is_covered else None,
        high=high if is_covered else None,
    )


def own_value(row: RawBatch, column: int) -> Value | None:
    """The value in one column of one row, None if it is missing."""
    value = row.value(0, column)
    return None if value is None or value != value else value


def varied_row(
    scorer: RawScorer, row: RawBatch, feature: str, low: float, high: float
) -> VariedRow:
    """A row with one feature varied over a range, extended to the row's own value."""
    own = row.numbers[0, scorer.column_of(feature)]
    return VariedRow(scorer, row, feature, float(np.fmin(low, own)), float(np.fmax(high, own)))


def categories(scorer: RawScorer, feature: str) -> tuple[Value, ...]:
    """The known texts of a feature in their order, or 0 and 1 for a flag; none for a number."""
    column = scorer.column_of(feature)
    if column in scorer.texts:
        return tuple(sorted(text for text in scorer.texts[column] if text is not None))
    dtype = scorer.transformer.dtypes.get(feature)  # None for a feature that it does not take
    return (0.0, 1.0) if dtype in (np.bool_, np.object_) else ()


def category_scores(
    scorer: RawScorer, row: RawBatch, feature: str, known: tuple[Value, ...]
) -> list[float | None]:
    """Probabilities of class 1 for each category of a feature, None for a refused one."""
    rows = row.take(np.zeros(len(known), np.intp))
    rows.replace(scorer.column_of(feature), known)
    scorer.follow(rows, {feature})
    return [None if score != score else score for score in scored(scorer, rows)[0].tolist()]


def flip_category(steps: Steps, probability: float, threshold: float) -> Value | None:
    """The category with the other decision whose probability is nearest, None without one."""
    decision = probability >= threshold
    flips = [
        (abs(score - probability), category)
        for category, score in steps
        if score is not None and (score >= threshold) != decision
    ]
    return min(flips)[1] if flips else None


def _curve(
    varied: VariedRow, ends: tuple[float, float], threshold: float
) -> IceCurve | LogOddsLine:
    """Steps for trees, bins, or another score that changes in steps; else a line."""
    if not varied.has_steps and (is_linear(varied) or changes_everywhere(varied)):
        return log_odds_line(varied, ends, threshold)
    return ice_curve(varied, threshold)


def _flip(runs: DecisionRuns, value: Value | None, low: float, decision: bool) -> float | None:
    if value is None:
        return runs.nearest(low, decision, up=True)
    own = float(value)
    decision = runs.is_default(own)
    either = [runs.nearest(own, decision, up=up) for up in (False, True)]
    flips = [flip for flip in either if flip is not None]
    return min(flips, key=lambda flip: abs(flip - own)) if flips else None
