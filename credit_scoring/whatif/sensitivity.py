"""How the score of one row depends on one of its features, and where the decision turns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field, WithJsonSchema

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.whatif.breakpoints import Line
from credit_scoring.whatif.ice import Curve, draw, scored

Value = float | str
PAIRS = {  # of values and probabilities; FastAPI writes no schema of tuples
    "type": "array",
    "items": {
        "type": "array",
        "items": {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]},
    },
}
Steps = tuple[tuple[Value, float | None], ...]


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """The score of one row as a function of one feature.

    A step is where it begins and the probability of class 1 from there to the next one, each that
    of the row with this value and with what follows from it. The start of a step is the first
    double with its score, unless the score changes nearly everywhere. The next double from `flip`
    towards the row's own value decides as the row does, or is refused, as beside a pole.
    """

    value: Annotated[Value | None, Field(description="as it is; null where it is not known")]
    probability: Annotated[float, Field(description="as it is")]
    steps: Annotated[
        Steps,
        WithJsonSchema(PAIRS),
        Field(
            description="from which value on the probability is which, the lowest value first; of"
            " text, each category; null where the model refuses the value"
        ),
    ]
    exact: Annotated[
        bool, Field(description="whether each place at which the score can change is a step")
    ]
    flip: Annotated[
        Value | None,
        Field(description="the value nearest to the present one at which the decision turns"),
    ]
    recomputed: Annotated[Sequence[str], Field(description="features that follow from this one")]
    stale: Annotated[
        Sequence[str],
        Field(description="features that would follow, but cannot be computed here"),
    ]


def sensitivity(
    scorer: RawScorer, row: RawBatch, feature: str, low: float, high: float, threshold: float
) -> Sensitivity:
    """The score of one row along one feature.

    A value of the row that is outside the range widens the range in which `flip` is looked for, as
    the decision may turn between. Where it is missing, no value is nearest: `flip` is the lowest
    one of the range with the other decision.

    Args:
        desk: scores the rows.
        row: one.
        feature: a raw feature's name.
        low, high: the range of a number, such as of all values that are known; NaN where there is
            none. Not used for text.
        threshold: of the decision, a probability.

    Raises:
        UnknownFeature: there is no such feature.
        InvalidApplication: the model refuses the row as it is.
    """
    position = scorer.column_of(feature)
    probability = float(scorer.probabilities(row)[0])
    value = own_value(row, position)
    recomputed, stale = scorer.dictionary.follow({feature})
    steps: Steps = ()
    flip: Value | None = None
    is_exact = True
    if known := categories(scorer, feature):
        steps = tuple(zip(known, category_scores(scorer, row, feature, known), strict=True))
        flip = turning_category(steps, probability, threshold)
    elif low <= high:
        line = line_of(scorer, row, feature, low, high)
        (curve,) = draw([line])
        steps, is_exact = tuple(curve.within(low, high)), curve.is_exact
        flip = _flip(curve, value, low, probability, threshold)
    return Sensitivity(
        value=value,
        probability=probability,
        steps=steps,
        exact=is_exact,
        flip=flip,
        recomputed=tuple(recomputed),
        stale=tuple(stale),
    )


def own_value(row: RawBatch, position: int) -> Value | None:
    """The value of one row, None where it is missing."""
    value = row.value(0, position)
    return None if value is None or value != value else value


def line_of(scorer: RawScorer, row: RawBatch, feature: str, low: float, high: float) -> Line:
    """A row along a feature, from the lowest to the highest of a range and its own value."""
    own = row.numbers[0, scorer.column_of(feature)]
    return Line(scorer, row, feature, float(np.fmin(low, own)), float(np.fmax(high, own)))


def categories(scorer: RawScorer, feature: str) -> tuple[Value, ...]:
    """The known values of text in their order, and of true and false; of other numbers none."""
    position = scorer.column_of(feature)
    if position in scorer.texts:
        return tuple(sorted(text for text in scorer.texts[position] if text is not None))
    dtype = scorer.transformer.dtypes[feature]
    return (0.0, 1.0) if dtype in (np.bool_, np.object_) else ()


def category_scores(
    scorer: RawScorer, row: RawBatch, feature: str, known: tuple[Value, ...]
) -> list[float | None]:
    """Probabilities of class 1 for each category of a feature, None where it is refused."""
    rows = row.take(np.zeros(len(known), np.intp))
    rows.replace(scorer.column_of(feature), known)
    scorer.follow(rows, {feature})
    return [None if score != score else score for score in scored(scorer, rows)[0].tolist()]


def turning_category(steps: Steps, probability: float, threshold: float) -> Value | None:
    """The category with the other decision whose probability is nearest, None if there is none."""
    decision = probability >= threshold
    turned = [
        (abs(score - probability), category)
        for category, score in steps
        if score is not None and (score >= threshold) != decision
    ]
    return min(turned)[1] if turned else None


def _flip(
    curve: Curve, value: Value | None, low: float, probability: float, threshold: float
) -> float | None:
    if value is None:
        return curve.turn(low, probability >= threshold, threshold, up=True)
    own = float(value)
    decision = curve.score(own) >= threshold
    turns = [curve.turn(own, decision, threshold, up=up) for up in (False, True)]
    found = [turn for turn in turns if turn is not None]
    return min(found, key=lambda turn: abs(turn - own)) if found else None
