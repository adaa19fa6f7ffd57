"""The values of a feature that a form accepts, and the sentence that refuses another one."""

import math
from collections.abc import Iterator

from advisor.formatting.display_scale import scale_of
from advisor.formatting.formats import Words, rounded
from advisor.service_client.response_models import Feature, Value

LOWEST, HIGHEST = "0", "100"  # quantiles of the reference population, in percent


def allowed_range(feature: Feature, own: Value) -> tuple[float, float]:
    """The least and the largest number of a feature that an application may have.

    It is the range of the reference population, widened to the client's own value and clipped by
    `lowest` and `highest`. An end is infinite if nothing limits it.
    """
    known = [*reference_ends(feature)]
    if known and isinstance(own, float | int):
        known.append(own)
    low, high = (min(known), max(known)) if known else (-math.inf, math.inf)
    least, most = feature.get("lowest"), feature.get("highest")
    return (
        low if least is None else max(low, least),
        high if most is None else min(high, most),
    )


def reference_ends(feature: Feature) -> Iterator[float]:
    """The least and the largest number of each class of the reference population."""
    for each in (feature["class0"], feature["class1"]):
        if (quantiles := each["quantiles"]) is not None:
            yield from (quantiles[LOWEST], quantiles[HIGHEST])


def usual_range(feature: Feature) -> tuple[float, float] | None:
    """The 5 % and 95 % quantiles among the clients who paid; None without quantiles."""
    quantiles = feature["class0"]["quantiles"]
    return (quantiles["5"], quantiles["95"]) if quantiles else None


def refusal(words: Words, feature: Feature, value: Value, own: Value) -> str | None:
    """The sentence that refuses a value; None if it may be scored.

    Args:
        words: texts and number formats.
        feature: the feature that is entered.
        value: the entered value; None for an empty field.
        own: the client's value, which is never refused; None without a client.
    """
    if value == own and value is not None:
        return None
    if value is None:
        may_miss = own is None or feature["missing"] > 0
        return None if may_miss else words("enter_value", label=feature["label"])
    if feature["kind"] != "number":
        return None
    low, high = allowed_range(feature, own)
    if isinstance(value, float | int) and low <= value <= high:
        return None
    return words("out_of_range", label=feature["label"], range=range_text(words, feature, own))


def range_text(words: Words, feature: Feature, own: Value) -> str:
    """The allowed range, written out: the lower shown number first, as it is typed."""
    low, high = allowed_range(feature, own)
    if math.isinf(low) and math.isinf(high):
        return words("any_number")
    inner = [
        end if math.isinf(end) else rounded(end, up=is_low)
        for end, is_low in ((low, True), (high, False))
    ]
    low, high = inner if low <= inner[0] <= inner[1] <= high else (low, high)
    if math.isinf(low) or math.isinf(high):
        end = words.exact_value(feature, high if math.isinf(low) else low)
        return words("range_to" if math.isinf(low) else "range_from", end=end)
    ends = sorted((low, high), key=scale_of(feature).shown)
    return words(
        "range",
        low=words.exact_value(without_unit(feature), ends[0]),
        high=words.exact_value(feature, ends[1]),
    )


def without_unit(feature: Feature) -> Feature:
    """A feature for numbers whose sentence has the unit elsewhere.

    A length of time keeps it, and so does a percentage.
    """
    scale = scale_of(feature)
    return feature if scale.period or scale.is_percent else {**feature, "unit": "", "base_unit": ""}
