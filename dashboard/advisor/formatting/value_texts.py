"""A client's value of a feature beside a typical one, written with few digits."""

import math

from advisor.formatting.display_scale import scale_of
from advisor.formatting.formats import MOST_DIGITS, Words, written_unit
from advisor.service_client.response_models import Feature, Value

MEDIAN = "50"
MOST_DECIMALS = 9
TOLD_DIGITS = 3  # of a number, before and after the decimal separator


def typical_value(feature: Feature) -> Value:
    """The median of the clients who repaid, or their most frequent category; None if unknown."""
    if (quantiles := feature["class0"]["quantiles"]) is not None:
        return quantiles[MEDIAN]
    if not (shares := feature["class0"]["shares"]):
        return None
    category = max(shares, key=shares.__getitem__)
    return category if feature["kind"] == "text" else float(category)


def texts_apart(words: Words, feature: Feature, *values: Value) -> list[str]:
    """The values of a feature, written out with the fewest digits at which they look different.

    A number has three digits or more, and no zeros after them; a percentage has a decimal or more.
    """
    scale = scale_of(feature)
    if feature["kind"] != "number" or scale.period:
        return [words.feature_value(feature, value) for value in values]

    def written(value: Value, extra: int) -> str:
        if not isinstance(value, float | int):
            return words.feature_value(feature, value)
        if scale.is_percent:
            return words.percent(value, 1 + extra)
        number = words.number(value, decimals(value, TOLD_DIGITS + extra))
        return words.with_unit(number, written_unit(feature))

    for extra in range(MOST_DIGITS):
        found = [written(value, extra) for value in values]
        if len(set(found)) == len(set(values)):
            break
    return found


def decimals(number: float, digits: int) -> int:
    """The decimals that give a number some digits in all, without zeros at its end."""
    if number == 0:
        return 0
    most = min(MOST_DECIMALS, max(0, digits - 1 - math.floor(math.log10(abs(number)))))
    while most and round(number, most) == round(number, most - 1):
        most -= 1
    return most
