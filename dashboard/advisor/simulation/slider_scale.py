"""The ends and the step of a slider, and the number at a place on it."""

import math
from dataclasses import dataclass
from decimal import Decimal

from advisor.formatting.display_scale import scale_of
from advisor.service_client.response_models import Feature, Value
from advisor.simulation.values import allowed_range

STEPS = 200  # of a slider, at least
MIDDLE = "50"  # quantile of the reference population, in percent


@dataclass(frozen=True)
class SliderScale:
    """A slider from `least` to `most`, in steps of a power of ten; both ends are steps.

    Attributes:
        least: the first step inside the allowed range.
        most: the last one.
        step: the distance of two steps.
        middle: the place of the slider while no number is entered.
    """

    least: float
    most: float
    step: float
    middle: float

    @property
    def decimals(self) -> int:
        """The decimals of a number on a step."""
        return max(0, -round(math.log10(self.step)))

    @property
    def format(self) -> str:
        """The form of a number beside the slider, as of C's printf."""
        return f"%.{self.decimals}f"

    def rounded(self, place: float) -> float:
        """The number of few digits at a place, where a browser may add an error."""
        return round(place, self.decimals)

    def nearest(self, value: Value) -> float:
        """The place of a number; its nearest end if it is outside."""
        number = value if isinstance(value, float | int) else self.middle
        return min(max(float(number), self.least), self.most)


def slider_scale(feature: Feature, own: Value) -> SliderScale | None:
    """The scale of a feature's slider, of typed numbers; None if its range is empty or endless."""
    low, high = allowed_range(feature, own)
    if math.isinf(high - low) or not low < high:
        return None
    scale = scale_of(feature)
    step = power_of_ten(scale.typed(high - low) / STEPS)
    quantiles = feature["class0"]["quantiles"] or feature["class1"]["quantiles"] or {}
    known = [low, high, *quantiles.values(), *([own] if isinstance(own, float | int) else [])]
    if all(number == int(number) for number in known):
        step = max(step, 1.0)
    exact = Decimal(repr(step))
    least = math.ceil(scale.exact(low) / exact) * exact
    most = math.floor(scale.exact(high) / exact) * exact
    if not least < most:
        return None
    middle = scale.typed(quantiles[MIDDLE]) if quantiles else float(least)
    return SliderScale(float(least), float(most), step, middle)


def power_of_ten(size: float) -> float:
    """The largest power of ten that is not above a size."""
    return float(Decimal(1).scaleb(Decimal(size).adjusted()))
