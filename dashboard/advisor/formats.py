"""Numbers, shares, ages and values as a reader of a language expects them."""

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from advisor.answers import Feature, Value
from advisor.texts import Language, text

DAYS_IN_YEAR = 365.25
GAP = "\u00a0"  # a space at which no line ends
MARKS = {"en": (",", "."), "fr": ("\u202f", ",")}  # of thousands and of decimals
MOST_DIGITS = 6
PLAIN = ("", "0 or 1", "0 to 1", "ratio")  # units that are not written


def decimals(number: float) -> int:
    """How many decimals a number needs to be told from others: four digits or so in all."""
    size = abs(number)
    if number == int(number) or size >= 10_000:
        return 0
    if 0 < size < 0.001:
        return min(MOST_DIGITS + 3, 2 - math.floor(math.log10(size)))
    return 2 if size >= 100 else 3 if size >= 1 else 4


def rounded(number: float, up: bool) -> float:
    """The next number of few digits that is not below a number, or not above it."""
    if number == int(number):  # it may have more digits than Decimal rounds
        return number
    digit = Decimal(1).scaleb(-decimals(number))
    return float(Decimal(number).quantize(digit, ROUND_CEILING if up else ROUND_FLOOR))


def is_named(number: float, kind: str) -> bool:
    """True if a number is a yes or a no: 1 or 0 of a flag, which may have others too."""
    return kind == "flag" and number in (0, 1)


@dataclass(frozen=True)
class Words:
    """The texts and formats of a language."""

    language: Language

    def __call__(self, key: str, **values: str) -> str:
        """A text of the interface."""
        return text(self.language, key, **values)

    def number(self, number: float, digits: int = 0, sign: bool = False) -> str:
        """A number with so many decimals, perhaps with a plus."""
        thousands, decimal = MARKS[self.language]
        written = f"{number:{'+' if sign else ''},.{digits}f}"
        written = written.replace(",", "\0").replace(".", decimal).replace("\0", thousands)
        return written.replace("-", "\u2212")

    def quantity(self, number: float) -> str:
        """A number in as many decimals as it needs to be told from others: four digits or so."""
        return self.number(number, decimals(number))

    def exactly(self, feature: Feature, value: Value) -> str:
        """A value as it is typed: every digit of it, in the feature's own unit."""
        if not isinstance(value, float | int) or is_named(value, feature["kind"]):
            return self.of(feature, value)
        digits = -int(Decimal(repr(value)).as_tuple().exponent)
        typed = self.number(value, 0 if value == int(value) else digits)
        if not feature["unit"].startswith("days"):
            return typed if feature["unit"] in PLAIN else f"{typed}{GAP}{feature['unit']}"
        return f"{typed} ({self.of(feature, value)})"

    def percent(self, share: float, digits: int = 0) -> str:
        """A share of 1 in percent."""
        return f"{self.number(100 * share, digits)}{GAP}%"

    def percents(self, *shares: float) -> list[str]:
        """Shares in percent, with as many decimals as it takes to tell different ones apart."""
        for digits in range(MOST_DIGITS):
            found = [self.percent(share, digits) for share in shares]
            if len(set(found)) == len(set(shares)):
                return found
        return found

    def value(self, value: Value, unit: str = "", kind: str = "number") -> str:
        """A feature's value with its unit; days from a year on in years."""
        if value is None:
            return self("not_known")
        if isinstance(value, str):
            return value
        if is_named(value, kind):
            return self("yes" if value else "no")
        if unit == "days" or unit.startswith("days "):
            return self._days(value, dated=unit != "days")
        return self.quantity(value) if unit in PLAIN else f"{self.quantity(value)}{GAP}{unit}"

    def of(self, feature: Feature, value: Value) -> str:
        """A value of a feature."""
        return self.value(value, feature["unit"], feature["kind"])

    def _days(self, days: float, dated: bool) -> str:
        """A duration, or how long before (-) or after (+) the application a day is."""
        size = abs(days)
        if size >= DAYS_IN_YEAR:
            duration = f"{self.number(size / DAYS_IN_YEAR, 1)}{GAP}" + self("years")
        else:
            duration = f"{self.quantity(size)}{GAP}" + self("days")
        if not dated:
            return duration if days >= 0 else f"\u2212{duration}"
        return self("days_after" if days > 0 else "days_before", duration=duration)
