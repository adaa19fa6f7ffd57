"""Scores of raw rows, and features computed again after others were changed."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import (
    BadFile,
    InvalidApplication,
    abridged,
    describe,
    first_few,
    foreign_code,
    unknown_feature,
)
from credit_scoring.model.classifiers.classifier import Classifier
from credit_scoring.model.refusals import Refused, attempts
from credit_scoring.model.transformers.transformer import RawTransformer


@dataclass(frozen=True, eq=False)
class RawScorer:
    """A pipeline for raw rows from a table or a caller, and the formulas between their features.

    Attributes:
        transformer: of the pipeline.
        classifier: of the pipeline.
        dictionary: of the raw features.
        names: of the transformed features, n of them.
        texts: the categories of each text feature in the tables, by its column.
        literal: literal texts as in `cells.text_of`, by the column of a text feature.
    """

    transformer: RawTransformer
    classifier: Classifier
    dictionary: FeatureDictionary
    names: tuple[str, ...]
    texts: dict[int, frozenset[str | None]]
    literal: Mapping[int, frozenset[str]]

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the raw features."""
        return self.transformer.features

    @cached_property
    def column_by_name(self) -> dict[str, int]:
        """The columns of the raw features, by name."""
        return {name: column for column, name in enumerate(self.features)}

    def column_of(self, feature: str) -> int:
        """The column of a raw feature.

        Raises:
            UnknownFeature: no raw feature has this name.
        """
        column = self.column_by_name.get(feature)
        if column is None:
            raise unknown_feature(feature, len(self.features))
        return column

    def transform(self, rows: RawBatch) -> Matrix:
        """Transform each row as if it were alone, shape (rows, n).

        Raises:
            InvalidApplication: the transformer refuses a row or returns a value out of range for
                it; the error's `row` is the first such row.
        """
        transformed = []
        every = range(len(rows))
        for part in attempts(every, lambda part: self._transform(rows, part), BadFile):
            if isinstance(part, Refused):
                problem = self._refusal(rows.take([part.row]), part.error.__cause__)
                raise InvalidApplication(problem, part.row) from part.error
            transformed.append(part.result)
        return transformed[0] if len(transformed) == 1 else np.concatenate(transformed)

    def _transform(self, rows: RawBatch, part: range) -> Matrix:
        """Transform a part of the rows.

        Raises:
            BadFile: the transformer refuses a row.
            InvalidApplication: a transformed value is out of range.
        """
        with foreign_code(MODEL_FILE, describe):
            transformed = self.transformer(rows if len(part) == len(rows) else rows.take(part))
        largest = self.classifier.largest
        wrong = (transformed > largest) | (transformed < -largest)
        if wrong.any():
            row = int(wrong.any(axis=1).argmax())
            names = [self.names[output] for output in np.flatnonzero(wrong[row])]
            raise InvalidApplication(f"out of range: {first_few(names)}", part.start + row)
        return transformed

    def probabilities(self, rows: RawBatch) -> Matrix:
        """Probabilities of class 1, each as for the row alone, shape (rows,).

        Raises:
            InvalidApplication: see `transform`.
        """
        return self.classifier.probabilities(self.transform(rows))

    def follow(self, rows: RawBatch, given: Set[str]) -> tuple[list[str], list[str]]:
        """Compute again, in place, the features that follow from changed features.

        Args:
            rows: have the new values.
            given: names of the changed features.

        Returns:
            The computed features, and the features that depend on a changed one but cannot be
            computed.

        Raises:
            InvalidApplication: see `compute`.
        """
        recomputed, stale = self.dictionary.follow(given)
        self.compute(rows, recomputed)
        return recomputed, stale

    def compute(self, rows: RawBatch, names: Sequence[str]) -> None:
        """Compute features by their formulas, in place and in the order of the formulas.

        Raises:
            InvalidApplication: a value is out of range; the error's `row` is the first such row.
        """
        for name in names:
            formula = self.dictionary.formulas[name]
            columns = {
                other: rows.numbers[:, self.column_by_name[other]] for other in formula.inputs
            }
            values = formula(columns)
            if (infinite := np.isinf(values)).any():
                raise InvalidApplication(f"out of range: {abridged(name)}", int(infinite.argmax()))
            rows.numbers[:, self.column_by_name[name]] = values

    def _refusal(self, rows: RawBatch, error: BaseException | None) -> str:
        """The reason why the transformer refuses a row, without the row's values."""
        unknown = [
            self.features[column]
            for column, known in self.texts.items()
            if not known.issuperset(rows.texts[column])
        ]
        if unknown:
            return f"a category that the model does not know: {first_few(unknown)}"
        return f"the model's transformer refuses it ({type(error).__name__})"
