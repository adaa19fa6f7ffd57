"""Scores of many raw rows as arrays: what the credit desk answers to each, to the last bit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from api.strict_json import MISSING, listed
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import InvalidApplication
from credit_scoring.explain.peers import Compare, Peers
from credit_scoring.explain.reason_codes import Ranked, rank
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.scorecard import log_odds_of

AT_ONCE = 256  # rows that are transformed, so that they stay in the processor's cache
MOST_REASONS = 4  # as `/score` gives without being told
COMPARE: Compare = "near"

Explained = Literal["refused", "all", "none"]


@dataclass(frozen=True, eq=False)
class Scores:
    """What is said of some rows.

    Attributes:
        probability: of class 1, shape (rows,).
        prediction: 1 where it reaches the threshold.
        pd: the probability of default; None without a calibration.
        points: of a scorecard; None without a scale.
        grade: positions among the scale's grades; None without grades.
        explained: positions of the rows that have reasons.
        ranked: their reasons; None where no row has any.
    """

    probability: Matrix
    prediction: NDArray[np.int8]
    pd: Matrix | None
    points: NDArray[np.int64] | None
    grade: NDArray[np.intp] | None
    explained: NDArray[np.intp]
    ranked: Ranked | None


def problems(bundle: Bundle, rows: RawBatch, given: Sequence[int]) -> dict[int, str]:
    """What the credit desk has against rows before they are transformed, by row.

    Args:
        scorer: of the model.
        rows: raw values.
        given: the positions of the features that were not left out.
    """
    nullable = bundle.applications.nullable
    required = [position for position in given if bundle.features[position] not in nullable]
    numbers = [position for position in required if position not in rows.texts]
    missing, infinite = np.isnan(rows.numbers[:, numbers]), np.isinf(rows.numbers)
    wrong = set(np.flatnonzero(missing.any(axis=1) | infinite.any(axis=1)).tolist())
    texts = [position for position in required if position in rows.texts]
    for position in texts:
        wrong.update(row for row, text in enumerate(rows.texts[position]) if text is None)
    found = {}
    for row in sorted(wrong):
        absent = {numbers[at] for at in np.flatnonzero(missing[row])}
        absent |= {position for position in texts if rows.texts[position][row] is None}
        names = {
            MISSING: [bundle.features[position] for position in sorted(absent)],
            "out of range": [bundle.features[at] for at in np.flatnonzero(infinite[row])],
        }
        found[row] = listed(names)
    return found


def transform_each(
    bundle: Bundle, rows: RawBatch, computed: Sequence[str]
) -> tuple[Matrix, dict[int, str]]:
    """Transform rows each as if it were alone, and say why others cannot be.

    Args:
        scorer: of the model.
        rows: raw values; what is left out is computed in place.
        computed: the features that were left out, in the order of the formulas.

    Returns:
        The rows that the model takes, transformed and in their order, and what is wrong with the
        others, by row.
    """
    found: dict[int, str] = {}
    transformed, length = np.empty((len(rows), len(bundle.names))), 0
    # scikit-learn takes milliseconds for any number of rows.
    at_once = len(rows) if bundle.scorer.transformer.quickly is None else AT_ONCE
    for start in range(0, len(rows), max(1, at_once)):
        some = rows.take(slice(start, start + at_once))
        for taken in _transformed_parts(bundle, some, computed, start, found):
            transformed[length : length + len(taken)] = taken
            length += len(taken)
        if computed:
            rows.put(range(start, start + len(some)), some)
    return transformed[:length], found


def _transformed_parts(
    bundle: Bundle, rows: RawBatch, computed: Sequence[str], first: int, found: dict[int, str]
) -> Iterator[Matrix]:
    """The parts of rows that are taken; each part that holds a refused row is halved."""
    if not len(rows):
        return
    try:
        bundle.scorer.compute(rows, computed)
        yield bundle.scorer.transform(rows)
    except InvalidApplication as refused:
        if len(rows) == 1:
            found[first] = str(refused)
            return
        middle = len(rows) // 2
        for start, part in ((0, slice(middle)), (middle, slice(middle, None))):
            some = rows.take(part)
            yield from _transformed_parts(bundle, some, computed, first + start, found)
            rows.put(range(start, start + len(some)), some)


def score(
    bundle: Bundle,
    peers: Peers | None,
    rows: RawBatch,
    transformed: Matrix,
    explained: Explained,
) -> Scores:
    """Score rows, and explain some of them.

    Args:
        scorer: of the model.
        comparison: of the same model; wanted where some are explained.
        rows: raw values.
        transformed: the same transformed, shape (rows, n).
        explained: which rows get reasons.
    """
    probability = np.empty(0)
    if len(rows):  # LightGBM takes no empty table
        probability = bundle.classifier.probabilities(transformed)
    refused = probability >= bundle.threshold
    scale = bundle.scale
    on_scale = scale.of(log_odds_of(probability))
    chosen = {"all": np.ones(len(rows), bool), "refused": refused}.get(explained)
    some = np.empty(0, np.intp) if chosen is None else np.flatnonzero(chosen)
    ranked = None
    if peers is not None and len(some):
        contributions, _ = bundle.classifier.contributions(transformed[some])
        ranked = rank(
            peers, peers.groups[COMPARE], rows.take(some), transformed[some],
            contributions, MOST_REASONS,
        )  # fmt: skip
    return Scores(
        probability,
        refused.astype(np.int8),
        on_scale[0] if on_scale else None,
        on_scale[1] if on_scale and scale.scale else None,
        on_scale[2] if on_scale and scale.grades else None,
        some,
        ranked,
    )
