"""Scores of many raw rows of one scorer, some of which the model may refuse."""

from collections.abc import Sequence

import numpy as np

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.refusals import Taken, attempts


def concatenated(parts: Sequence[RawBatch]) -> RawBatch:
    """The rows of one or more batches, one batch after another."""
    return RawBatch(
        np.concatenate([part.numbers for part in parts]),
        {
            column: np.concatenate([part.texts[column] for part in parts])
            for column in parts[0].texts
        },
    )


def is_alike(scorer: RawScorer) -> bool:
    """True if a row surely has the same score alone and among others, to the last bit."""
    return scorer.classifier.is_alike and scorer.transformer.is_element_by_element


def scored(scorer: RawScorer, rows: RawBatch, *, together: bool = False) -> tuple[Matrix, Matrix]:
    """Probabilities of class 1 and transformed rows, NaN for a row that the model refuses.

    Args:
        scorer: has the classifier and the transformer.
        rows: any number of raw rows.
        together: true to save calls, at the cost of last bits that may differ from those of a row
            alone if not `is_alike`.

    Returns:
        Shapes (rows,) and (rows, n).
    """
    scores = np.full(len(rows), np.nan)
    transformed = np.full((len(rows), len(scorer.names)), np.nan)
    finite = np.flatnonzero(~np.isinf(rows.numbers).any(axis=1))
    if not len(finite):
        return scores, transformed
    transform = scorer.transformer.in_one_call if together else scorer.transformer
    classifier = scorer.classifier
    score = classifier.probabilities_together if together else classifier.probabilities

    def attempt(part: range) -> tuple[Matrix, Matrix]:
        some = finite[part.start : part.stop]
        batch = rows if len(some) == len(rows) else rows.take(some)
        # scikit-learn adds up all values to see if one is NaN; the sum may overflow.
        with foreign_code(MODEL_FILE, describe), np.errstate(all="ignore"):
            values = transform(batch)
            out_of_range = np.abs(values) > classifier.largest  # NaN is not
            accepted = ~out_of_range.any(axis=1)
            found = np.full(len(some), np.nan)
            if accepted.any():
                found[accepted] = score(values[accepted])
            return found, values

    for part in attempts(range(len(finite)), attempt, BadFile):
        if isinstance(part, Taken):
            some = finite[part.rows.start : part.rows.stop]
            scores[some], transformed[some] = part.result
    return scores, transformed
