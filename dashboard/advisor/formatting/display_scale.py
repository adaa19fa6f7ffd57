"""The scale on which a feature's numbers are shown.

Tables hold dates as days or months relative to the application, negative before it. Pages show the
time before the application, with the sign turned. Texts, comparisons and axes take their numbers
from this scale, so that none of them can differ from the others.

Tables hold a share as a ratio, 0.079. Pages show it in percent, and forms take it so.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from advisor.service_client.response_models import Feature

DAYS, MONTHS = "days", "months"
RATIO = "ratio"
LEAST_SHARE = 0.01  # smaller ratios are no more readable in percent
MIDDLE, ENDS = ("25", "75"), ("0", "100")  # quantiles, in percent
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
        is_percent: True if texts, axes and forms have the number in percent.
    """

    period: str = ""
    is_dated: bool = False
    is_date: bool = False
    is_turned: bool = False
    is_percent: bool = False

    @property
    def is_length(self) -> bool:
        """True for a time until the application that is a length, such as an age."""
        return self.is_dated and not self.is_date

    def shown(self, value: float) -> float:
        """The number whose sign and order pages show; a share is not in percent yet."""
        return 0.0 - value if self.is_turned else value

    def exact(self, value: float) -> Decimal:
        """A stored number with all of its digits; a share in percent."""
        return Decimal(repr(value)).scaleb(2 if self.is_percent else 0)

    def typed(self, value: float) -> float:
        """The number that a form has for a stored one."""
        return float(self.exact(value)) if self.is_percent else value

    def stored(self, number: float, *known: float) -> float:
        """The number to store for a typed one: a known one that is typed so, if there is one."""
        if not self.is_percent:
            return number
        for each in known:
            if self.typed(each) == number:
                return each
        return float(Decimal(repr(number)).scaleb(-2))


def scale_of_unit(unit: str) -> DisplayScale:
    """The scale of a unit, for values stored as negative before the application."""
    if dated := DATED.fullmatch(unit):
        return DisplayScale(dated[1], True, dated[2] == "from", True)
    return DisplayScale(DAYS if unit == DAYS else "")


def scale_of(feature: Feature) -> DisplayScale:
    """The scale of a feature.

    Values "before the application" may also be stored as positive; then no sign is turned. The
    median of the clients who paid shows it. A ratio is a share, shown in percent, if it is below 1
    for most of them: "7.9 % of the loan", but "1.2 times the price".
    """
    scale = scale_of_unit(feature["base_unit"] if feature["kind"] == "number" else "")
    if scale.is_dated and not scale.is_date:
        quantiles = feature["class0"]["quantiles"]
        if quantiles is not None and quantiles["50"] > 0:
            return DisplayScale(scale.period, is_dated=True)
    return DisplayScale(is_percent=True) if is_share(feature) else scale


def is_share(feature: Feature) -> bool:
    """True for a ratio below 1 among the middle half of the clients who paid, unless it is tiny."""
    if feature["kind"] != "number" or feature["base_unit"] != RATIO:
        return False
    if (quantiles := feature["class0"]["quantiles"]) is None:
        return False
    middle, all_of_them = (max(abs(quantiles[end]) for end in ends) for ends in (MIDDLE, ENDS))
    return middle < 1 and all_of_them >= LEAST_SHARE
