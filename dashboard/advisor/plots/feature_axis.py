"""The axis of a feature's numbers in a chart, in the unit in which texts write them."""

from collections.abc import Iterable
from dataclasses import dataclass

from advisor import page_elements
from advisor.formatting.display_scale import DAYS, DisplayScale, scale_of
from advisor.formatting.formats import DAYS_IN_YEAR, Words
from advisor.service_client.response_models import Feature

HUNDREDTH = 0.01


@dataclass(frozen=True)
class FeatureAxis:
    """An axis of the numbers that pages show for a feature.

    Attributes:
        title: the feature's label, with the unit in brackets.
        scale: the feature's scale.
        divisor: of shown numbers: the days of a year, if texts write years; a hundredth, if they
            write percent.
    """

    title: str
    scale: DisplayScale
    divisor: float

    def at(self, value: float) -> float:
        """The place of a stored value on the axis."""
        return self.scale.shown(value) / self.divisor


def axis_of(words: Words, feature: Feature, values: Iterable[float]) -> FeatureAxis:
    """The axis of a feature for stored values: in years if one of them is a year or more."""
    scale, shown = scale_of(feature), []
    if scale.period:
        shown = [scale.shown(value) for value in values]
    in_years = scale.period == DAYS and max(map(abs, shown), default=0.0) >= DAYS_IN_YEAR
    if not scale.period:
        title = page_elements.label_with_unit(feature)
    else:
        unit = words("years" if in_years else f"unit_{scale.period}")
        if scale.is_date:
            both_sides = min(shown, default=0.0) < 0
            unit = words("axis_before_and_after" if both_sides else "axis_before", period=unit)
        title = f"{feature['label']} ({unit})"
    divisor = DAYS_IN_YEAR if in_years else HUNDREDTH if scale.is_percent else 1.0
    return FeatureAxis(title, scale, divisor)
