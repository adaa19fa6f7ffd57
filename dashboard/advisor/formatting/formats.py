"""Numbers, shares, dates and values, written as readers of a language expect them."""

import math
import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from advisor.formatting.display_scale import DAYS, DisplayScale, scale_of, scale_of_unit
from advisor.service_client.response_models import Feature, Value
from advisor.texts import Language, text

DAYS_IN_YEAR = 365.25
NO_BREAK_SPACE = "\u00a0"
SEPARATORS = {"en": (",", "."), "fr": ("\u202f", ",")}  # thousands and decimal separators
MOST_DIGITS = 6
SCALE = re.compile(r"\d+ to \d+")  # units such as 1 to 3
AGE = re.compile("[aâ]ge", re.IGNORECASE)  # labels of ages
PERCENT = "%"
UNWRITTEN_UNITS = ("", "0 or 1", "0 to 1", "ratio")  # units that are left out


def decimals(number: float) -> int:
    """The number of decimals that gives a number about four digits in all."""
    size = abs(number)
    if number == int(number) or size >= 10_000:
        return 0
    if 0 < size < 0.001:
        return min(MOST_DIGITS + 3, 2 - math.floor(math.log10(size)))
    return 2 if size >= 100 else 3 if size >= 1 else 4


def exact_decimals(number: float | Decimal) -> int:
    """The number of decimals of a number with all of its digits."""
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    return 0 if exact == int(exact) else -int(exact.as_tuple().exponent)


def rounded(number: float, up: bool) -> float:
    """A number rounded up or down to about four digits."""
    if number == int(number):  # Decimal refuses to round very large numbers
        return number
    digit = Decimal(1).scaleb(-decimals(number))
    return float(Decimal(number).quantize(digit, ROUND_CEILING if up else ROUND_FLOOR))


def is_yes_or_no(number: float, kind: str) -> bool:
    """True if a number is written as yes or no: the 1 or 0 of a flag."""
    return kind == "flag" and number in (0, 1)


def written_unit(feature: Feature) -> str:
    """The unit that a reader sees after a number; empty for one that is left out."""
    unit = feature["base_unit"]
    if scale_of(feature).is_percent:
        return PERCENT
    return "" if unit in UNWRITTEN_UNITS or SCALE.fullmatch(unit) else feature["unit"]


@dataclass(frozen=True)
class Words:
    """The texts and number formats of one language."""

    language: Language

    def __call__(self, key: str, **values: str) -> str:
        """A text of the interface."""
        return text(self.language, key, **values)

    def number(self, number: float | Decimal, digits: int = 0, sign: bool = False) -> str:
        """A number with a fixed count of decimals; `sign` writes a plus before a positive one."""
        thousands, decimal = SEPARATORS[self.language]
        written = f"{number:{'+' if sign else ''},.{digits}f}"
        written = written.replace(",", "\0").replace(".", decimal).replace("\0", thousands)
        return written.replace("-", "\u2212")

    def quantity(self, number: float) -> str:
        """A number of about four digits."""
        return self.number(number, decimals(number))

    def exact_value(self, feature: Feature, value: Value) -> str:
        """A feature's value with every digit, and as it is typed if it is shown otherwise."""
        if not isinstance(value, float | int) or is_yes_or_no(value, feature["kind"]):
            return self.feature_value(feature, value)
        scale = scale_of(feature)
        exact = scale.exact(value)
        typed = self.number(exact, exact_decimals(exact))
        if scale.is_dated:
            return self("typed_as", value=self.feature_value(feature, value), typed=typed)
        if scale.period:
            return f"{typed} ({self.feature_value(feature, value)})"
        return self.with_unit(typed, written_unit(feature))

    def percent(self, share: float, digits: int = 0) -> str:
        """A share between 0 and 1, in percent."""
        return self.with_unit(self.number(100 * share, digits), PERCENT)

    def percent_or_unknown(self, share: float | None) -> str:
        """A share in percent with one decimal, or the word for an unknown one."""
        return self("not_known") if share is None else self.percent(share, 1)

    def value(
        self, value: Value, unit: str = "", kind: str = "number", scale: DisplayScale | None = None
    ) -> str:
        """A value with its unit; days from one year on are written in years.

        Args:
            value: as stored.
            unit: from features.csv.
            kind: number, flag or text.
            scale: the feature's own; None for the scale of the unit.
        """
        if value is None:
            return self("not_known")
        if isinstance(value, str):
            return value
        if is_yes_or_no(value, kind):
            return self("yes" if value else "no")
        scale = scale or scale_of_unit(unit)
        if scale.period:
            return self._period(value, scale)
        if scale.is_percent:
            return self.percent(value, max(0, decimals(value) - 2))  # the digits of the number
        return self.with_unit(self.quantity(value), unit)

    def feature_value(self, feature: Feature, value: Value) -> str:
        """A value with its feature's unit; an age is so many years old."""
        scale = scale_of(feature)
        written = self.value(value, written_unit(feature), feature["kind"], scale)
        is_age = scale.is_length and AGE.fullmatch(feature["label"])
        return self("old", age=written) if is_age and value is not None else written

    def with_unit(self, number: str, unit: str) -> str:
        """A written number with its unit."""
        return number if unit in UNWRITTEN_UNITS else f"{number}{NO_BREAK_SPACE}{unit}"

    def _period(self, value: float, scale: DisplayScale) -> str:
        """A length of time; a date as time before or after the application."""
        shown = scale.shown(value)
        size, unit = abs(shown), scale.period
        if unit == DAYS and size >= DAYS_IN_YEAR:
            duration = f"{self.number(size / DAYS_IN_YEAR, 1)}{NO_BREAK_SPACE}" + self("years")
        else:
            digits = decimals(size) if size < 1 else 0 if size == int(size) else 1
            duration = f"{self.number(size, digits)}{NO_BREAK_SPACE}" + self(f"unit_{unit}")
        if not scale.is_dated or (scale.is_length and shown >= 0):
            return duration if shown >= 0 else f"\u2212{duration}"
        return self("days_before" if shown >= 0 else "days_after", duration=duration)
