"""The model's weight on what may be entered, and the short form that it gives.

A feature's importance is its mean absolute contribution. A feature with a formula is computed, so
its importance is shared equally by the features that it is computed from.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from advisor.service_client.response_models import Feature, Importance
from advisor.simulation.formulas import computed

MOST_FIELDS = 15  # of the short form
MOST_TERMS = 4  # features that the client may change, which the short form has in any case
ENOUGH = 0.5  # of the weight: the short form needs no more fields


@dataclass(frozen=True)
class FeatureWeights:
    """The features that may be entered, with their shares of the model's weight.

    Attributes:
        share: by feature without a formula, in the order of the files; the sum is 1.
        inputs: the features without a formula that one with a formula is computed from.
    """

    share: Mapping[str, float]
    inputs: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, features: Mapping[str, Feature], importance: Importance) -> "FeatureWeights":
        """The weights by importance; equal ones if the model has none."""
        inputs = {
            name: frozenset(inputs_of(features, name))
            for name, feature in features.items()
            if feature["formula"]
        }
        enterable = [name for name in features if name not in inputs]
        weights = dict.fromkeys(enterable, 0.0)
        for each in importance["features"]:
            name = each["name"]
            shared_by = inputs.get(name, frozenset({name})) & weights.keys()
            for one in sorted(shared_by):
                weights[one] += each["importance"] / len(shared_by)
        total = math.fsum(weights.values())
        if not total:
            return cls(dict.fromkeys(enterable, 1 / len(enterable)), inputs)
        return cls({name: weight / total for name, weight in weights.items()}, inputs)

    def strongest_first(self) -> list[str]:
        """The features that may be entered; equally strong ones in the order of the files."""
        return sorted(self.share, key=lambda name: -self.share[name])

    def of_all(self, names: Iterator[str] | list[str]) -> float:
        """The share of the weight that some features carry together."""
        return math.fsum(self.share[name] for name in names)

    def short_form(self, features: Mapping[str, Feature]) -> list[str]:
        """The features of the short form, in the order of the files.

        They are the strongest of those that the client may change, and then the strongest of all,
        until they carry half of the weight; all features of a small model.
        """
        ranked = self.strongest_first()
        if len(ranked) <= MOST_FIELDS:
            return list(self.share)
        chosen = [name for name in ranked if features[name]["change"] != "none"][:MOST_TERMS]
        for name in ranked:
            if len(chosen) >= MOST_FIELDS or self.of_all(chosen) >= ENOUGH:
                break
            if name not in chosen:
                chosen.append(name)
        return [name for name in self.share if name in chosen]


def inputs_of(features: Mapping[str, Feature], name: str) -> Iterator[str]:
    """The features without a formula from which a feature follows; itself if it has none."""
    formula = features[name]["formula"] if name in features else None
    if not formula:
        yield name
        return
    named: list[str] = []

    def column(other: str) -> float:
        named.append(other)
        return math.nan

    computed(formula, column)
    for other in named:
        yield from inputs_of(features, other)
