"""Scores of many raw rows as arrays, equal to those of `/score` to the last bit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.raw_batch import RawBatch, Texts
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import NEVER_MISSING, InvalidApplication, listed
from credit_scoring.explain.peers import Compare, Peers
from credit_scoring.explain.reason_codes import RankedThemes, ReasonFinder
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.refusals import Refused, attempts
from credit_scoring.model.scorecard import log_odds_of

AT_ONCE = 256  # rows that are transformed in one call and stay in the processor's cache
MOST_REASONS = 4  # the default of `/score`
COMPARE: Compare = "near"

Explained = Literal["refused", "all", "none"]


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores, decisions and reasons of some rows.

    Attributes:
        probability: probability of class 1, shape (rows,).
        prediction: 1 if the probability reaches the threshold, else 0, shape (rows,).
        pd: probability of default, shape (rows,); None without a calibration.
        points: scorecard points, shape (rows,); None without a scale.
        grade: indices among the scale's grades, shape (rows,); None without grades.
        explained: indices of the rows with reasons, shape (explained,).
        ranked: reasons of the explained rows; None if no row is explained.
        texts: their texts, shape (explained, most), None after the last reason of a row.
    """

    probability: Matrix
    prediction: NDArray[np.int8]
    pd: Matrix | None
    points: NDArray[np.int64] | None
    grade: NDArray[np.intp] | None
    explained: NDArray[np.intp]
    ranked: RankedThemes | None
    texts: Texts | None


@dataclass(frozen=True, eq=False)
class TransformedRows:
    """Transformed rows and refused rows.

    Attributes:
        values: transformed values of the accepted rows, in their order, shape (accepted, n).
        refused: messages of the refused rows, by row.
    """

    values: Matrix
    refused: dict[int, str]


@dataclass(frozen=True, eq=False)
class BatchScorer:
    """Scores many raw rows, equal to those of `ApplicationScorer` to the last bit.

    Attributes:
        bundle: has the model.
        peers: the model's peers; None if no row is explained.
        explained: the rows that get reasons.
    """

    bundle: Bundle
    peers: Peers | None
    explained: Explained

    def problems(self, rows: RawBatch, given: Sequence[int]) -> dict[int, str]:
        """Messages of the rows that are refused before they are transformed, by row.

        Args:
            rows: raw values.
            given: columns of the features that are not left out.
        """
        features, nullable = self.bundle.features, self.bundle.nullable
        required = [column for column in given if features[column] not in nullable]
        numbers = [column for column in required if column not in rows.texts]
        missing, infinite = np.isnan(rows.numbers[:, numbers]), np.isinf(rows.numbers)
        wrong = set(np.flatnonzero(missing.any(axis=1) | infinite.any(axis=1)).tolist())
        texts = [column for column in required if column in rows.texts]
        for column in texts:
            wrong.update(row for row, text in enumerate(rows.texts[column]) if text is None)
        there, column_of = set(given), self.bundle.scorer.column_of
        ranged = [f for f in self.bundle.dictionary.ranged if column_of(f.name) in there]
        values = rows.numbers[:, [column_of(feature.name) for feature in ranged]]
        outside = (values < [feature.lowest for feature in ranged]) & ~np.isinf(values)
        outside |= (values > [feature.highest for feature in ranged]) & ~np.isinf(values)
        wrong.update(np.flatnonzero(outside.any(axis=1)).tolist())
        found = {}
        for row in sorted(wrong):
            absent = {numbers[at] for at in np.flatnonzero(missing[row])}
            absent |= {column for column in texts if rows.texts[column][row] is None}
            names = {
                NEVER_MISSING: [features[column] for column in sorted(absent)],
                "out of range": [features[column] for column in np.flatnonzero(infinite[row])],
            }
            for at in np.flatnonzero(outside[row]):
                names.setdefault(ranged[at].out_of_range, []).append(ranged[at].name)
            found[row] = listed(names)
        return found

    def transform(self, rows: RawBatch, computed: Sequence[str]) -> TransformedRows:
        """Transform rows, each as if it were alone.

        Args:
            rows: raw values; features that are left out are computed in place.
            computed: names of the features that are left out, in the order of the formulas.
        """
        scorer = self.bundle.scorer

        def transform(part: range) -> Matrix:
            some = rows.take(slice(part.start, part.stop))
            scorer.compute(some, computed)
            transformed = scorer.transform(some)
            if computed:
                rows.put(part, some)
            return transformed

        refused: dict[int, str] = {}
        values, length = np.empty((len(rows), len(self.bundle.names))), 0
        # scikit-learn takes milliseconds a call, however few the rows.
        at_once = len(rows) if scorer.transformer.vectorised is None else AT_ONCE
        for start in range(0, len(rows), max(1, at_once)):
            some = range(start, min(start + at_once, len(rows)))
            for part in attempts(some, transform, InvalidApplication):
                if isinstance(part, Refused):
                    refused[part.row] = str(part.error)
                    continue
                values[length : length + len(part.rows)] = part.result
                length += len(part.rows)
        return TransformedRows(values[:length], refused)

    def score(self, rows: RawBatch, transformed: Matrix) -> Scores:
        """Score rows, and explain some of them.

        Args:
            rows: raw values.
            transformed: transformed values, shape (rows, n).
        """
        bundle, scorecard = self.bundle, self.bundle.scorecard
        probability = np.empty(0)
        if len(rows):  # LightGBM refuses an empty table
            probability = bundle.classifier.probabilities(transformed)
        refused = probability >= bundle.threshold
        on_scorecard = scorecard.of(log_odds_of(probability))
        chosen = {"all": np.ones(len(rows), bool), "refused": refused}.get(self.explained)
        some = np.empty(0, np.intp) if chosen is None else np.flatnonzero(chosen)
        ranked = texts = None
        if self.peers is not None and len(some):
            contributions, _ = bundle.classifier.contributions(transformed[some])
            finder = ReasonFinder(
                self.peers, COMPARE, rows.take(some), transformed[some], contributions, MOST_REASONS
            )
            ranked, texts = finder.ranked, finder.texts()
        return Scores(
            probability,
            refused.astype(np.int8),
            on_scorecard[0] if on_scorecard else None,
            on_scorecard[1] if on_scorecard and scorecard.scale else None,
            on_scorecard[2] if on_scorecard and scorecard.grades else None,
            some,
            ranked,
            texts,
        )
