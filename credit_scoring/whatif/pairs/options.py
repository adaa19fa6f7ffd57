"""The categories that a text or a flag of one row may change to."""

from dataclasses import dataclass

import numpy as np

from credit_scoring.data.features.feature_dictionary import Feature
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.whatif.sensitivity import Value


@dataclass(frozen=True, eq=False)
class Options:
    """One text or flag of a row and the categories that it may change to.

    Attributes:
        feature: in the feature dictionary.
        own: the row's own category.
        allowed: the other categories, without those that turn the decision alone.
        reference: the reference clients' numbers, rising, without missing ones; of a flag.
    """

    feature: Feature
    own: Value
    allowed: tuple[Value, ...]
    reference: Matrix

    @property
    def name(self) -> str:
        """The feature's name."""
        return self.feature.name

    def moved_to(self, value: Value) -> float | None:
        """The share of reference clients between a flag's both values; None for a text."""
        if isinstance(value, str):
            return None
        return float((self.reference == value).sum() / max(1, len(self.reference)))


def with_option(scorer: RawScorer, row: RawBatch, options: Options, value: Value) -> RawBatch:
    """The row with another category, dependent features computed."""
    changed = row.take(np.array([0]))
    changed.replace(scorer.column_of(options.name), [value])
    dictionary = scorer.dictionary
    for name in dictionary.follow({options.name})[0]:
        formula = dictionary.formulas[name]
        columns = {each: changed.numbers[:, scorer.column_by_name[each]] for each in formula.inputs}
        changed.numbers[:, scorer.column_of(name)] = formula(columns)
    return changed
