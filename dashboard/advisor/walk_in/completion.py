"""An application in the making: the values that are known, and typical ones for all others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from advisor.service_client.response_models import Application, Feature, Record, Value
from advisor.walk_in.feature_weights import FeatureWeights

# Of a value: entered in the form, given by the source, said to be missing, computed by a formula
# from known values; or not known, so that a typical value stands in.
Origin = Literal["entered", "given", "absent", "computed", "stand_in"]
MOST_STOOD_IN = 0.75  # of the model's weight: beyond it, the model is not asked
MOSTLY = 0.5  # a typical client lacks a value that more reference clients lack


@dataclass(frozen=True)
class Completion:
    """An application whose unknown values are stood in for.

    Attributes:
        application: a record, with the values that differ from their source as changes.
        origins: the origin of each feature's value, in the order of the files.
        stood_in: the share of the model's weight that stand-ins carry.
        to_ask: features that are not known, strongest first.
    """

    application: Application
    origins: Mapping[str, Origin]
    stood_in: float
    to_ask: list[str] = field(default_factory=list)

    @property
    def is_decision(self) -> bool:
        """True if no value is a stand-in: the result may be recorded and told."""
        return "stand_in" not in self.origins.values()

    @property
    def is_refused(self) -> bool:
        """True if stand-ins carry so much that the model's answer would be about nobody."""
        return self.stood_in > MOST_STOOD_IN

    def count(self, *origins: Origin) -> int:
        """The number of features whose values have one of these origins."""
        return sum(each in origins for each in self.origins.values())


def typical(feature: Feature) -> Value:
    """The value of a typical client who paid: the median or the most frequent category.

    It is None, a missing value, if most reference clients have none.
    """
    if feature["missing"] > MOSTLY:
        return None
    for each in (feature["class0"], feature["class1"]):
        if each["quantiles"] is not None:
            return each["quantiles"]["50"]
        if shares := each["shares"]:
            category = max(shares, key=shares.__getitem__)
            return category if feature["kind"] == "text" else float(category)
    return None


def complete(
    features: Mapping[str, Feature],
    weights: FeatureWeights,
    given: Record,
    entered: Record,
    absent_themes: Collection[str],
) -> Completion:
    """The application of a source's values and a form's.

    Args:
        features: by name.
        weights: of the features that may be entered.
        given: values of the source, None for those that it says are missing.
        entered: values of the form's fields by feature, None for an empty field.
        absent_themes: themes whose values do not exist as far as they are not known and may be
            missing.
    """
    base = {name: value for name, value in given.items() if can_be(features[name], value)}
    origins: dict[str, Origin] = {}
    record: Record = {}
    changes: Record = {}
    for name in weights.share:
        value = entered[name] if name in entered else base.get(name)
        if value is not None:
            origins[name] = "given" if name in base and value == base[name] else "entered"
        elif is_absent(features[name], name in base and base[name] is None, absent_themes):
            origins[name] = "absent"
        else:
            origins[name], value = "stand_in", typical(features[name])
        record[name] = base.get(name, value)
        if value != record[name]:
            changes[name] = value
    for name, inputs in weights.inputs.items():
        is_stale = any(each in changes or origins[each] == "entered" for each in inputs)
        if name in base and not is_stale:
            origins[name] = "absent" if base[name] is None else "given"
        else:
            stands_in = any(origins[each] == "stand_in" for each in inputs)
            origins[name] = "stand_in" if stands_in else "computed"
        if name in base and all(each in base or origins[each] != "entered" for each in inputs):
            record[name] = base[name]  # the service computes it anew if a change touches it
    to_ask = [name for name in weights.strongest_first() if origins[name] == "stand_in"]
    return Completion(
        {"record": record, "changes": changes} if changes else {"record": record},
        {name: origins[name] for name in features},
        weights.of_all(to_ask),
        to_ask,
    )


def can_be(feature: Feature, value: Value) -> bool:
    """True unless a feature that is never missing would be."""
    return value is not None or feature["missing"] > 0


def is_absent(feature: Feature, is_given: bool, absent_themes: Collection[str]) -> bool:
    """True if a feature without a value has none, as the source or the advisor says."""
    return feature["missing"] > 0 and (is_given or feature["group"] in absent_themes)
