"""`FeatureMapping`: from the features of recorded decisions to those of a challenger, by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.table_files.cells import text_of
from credit_scoring.model.bundle import Bundle


@dataclass(frozen=True, eq=False)
class MappedRows:
    """Rows as the challenger takes them.

    Attributes:
        rows: raw values in the order of the challenger's features.
        other_type: true for each row with a text in place of a number, or a number in place of a
            text, shape (rows,).
    """

    rows: RawBatch
    other_type: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FeatureMapping:
    """The features of one bundle's records that a challenger takes, as `/score` would take them.

    Attributes:
        challenger: has the features to be filled.
        given: the challenger's columns that the records have.
        sources: the records' columns for these, in the same order.
        computed: names of the other features that have a formula, in the order of the formulas.
        lacking: names of the features that are neither in the records nor computed.
    """

    challenger: Bundle
    given: Sequence[int]
    sources: Sequence[int]
    computed: Sequence[str]
    lacking: Sequence[str]

    @classmethod
    def of(cls, challenger: Bundle, recorded: Sequence[str]) -> Self:
        """The mapping from records whose features have these names, in their order."""
        by_name = {name: column for column, name in enumerate(recorded)}
        features, formulas = challenger.features, challenger.dictionary.formulas
        given = [column for column, name in enumerate(features) if name in by_name]
        absent = [name for name in features if name not in by_name]
        return cls(
            challenger=challenger,
            given=given,
            sources=[by_name[features[column]] for column in given],
            computed=[name for name in formulas if name in absent],
            lacking=[name for name in absent if name not in formulas],
        )

    def rows(self, recorded: RawBatch) -> MappedRows:
        """Records as the challenger takes them: NaN or None where a feature is not given."""
        scorer, number = self.challenger.scorer, len(recorded)
        numbers = np.full((number, len(self.challenger.features)), np.nan)
        texts = {column: np.full(number, None, object) for column in scorer.texts}
        other_type = np.zeros(number, bool)
        numbers[:, self.given] = recorded.numbers[:, self.sources]
        for column, source in zip(self.given, self.sources, strict=True):
            found = recorded.texts.get(source)
            if column in texts:
                other_type |= ~np.isnan(numbers[:, column])
                numbers[:, column] = np.nan
                if found is not None:
                    literal = scorer.literal.get(column, frozenset())
                    texts[column][:] = [text and text_of(text, literal) for text in found]
            elif found is not None:
                other_type |= np.array([text is not None for text in found], bool)
        return MappedRows(RawBatch(numbers, texts), other_type)
