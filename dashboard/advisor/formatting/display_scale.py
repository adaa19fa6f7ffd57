"""The scale on which a feature's numbers are shown.

Tables hold dates as days or months relative to the application, negative before it. Pages show the
time before the application, with the sign turned. Texts, comparisons and axes take their numbers
from this scale, so that none of them can differ from the others.
"""

import re
from dataclasses import dataclass

from advisor.service_client.response_models import Feature

DAYS, MONTHS = "days", "months"
DATED = re.compile(f"({DAYS}|{MONTHS}) (from|before) .*")


@dataclass(frozen=True)
class DisplayScale:
    """The form in which the numbers of a feature are shown.

    Attributes:
        period: days or months, if numbers are lengths of time; else empty.
        is_dated: True if numbers are times before or after the application.
        is_date: True if the feature is a date, which is early or late; a length of time, such as
            an age, is less or more.
        is_turned: True if the shown number is the stored one with the other sign.
    """

    period: str = ""
    is_dated: bool = False
    is_date: bool = False
    is_turned: bool = False

    @property
    def is_length(self) -> bool:
        """True for a time until the application that is a length, such as an age."""
        return self.is_dated and not self.is_date

    def shown(self, value: float) -> float:
        """The number that stands for a stored value on pages."""
        return 0.0 - value if self.is_turned else value


def scale_of_unit(unit: str) -> DisplayScale:
    """The scale of a unit, for values stored as negative before the application."""
    if dated := DATED.fullmatch(unit):
        return DisplayScale(dated[1], True, dated[2] == "from", True)
    return DisplayScale(DAYS if unit == DAYS else "")


def scale_of(feature: Feature) -> DisplayScale:
    """The scale of a feature.

    Values "before the application" may also be stored as positive; then no sign is turned. The
    median of the clients who paid shows it.
    """
    scale = scale_of_unit(feature["base_unit"] if feature["kind"] == "number" else "")
    if scale.is_dated and not scale.is_date:
        quantiles = feature["class0"]["quantiles"]
        if quantiles is not None and quantiles["50"] > 0:
            return DisplayScale(scale.period, is_dated=True)
    return scale
