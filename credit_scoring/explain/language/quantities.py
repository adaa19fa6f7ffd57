"""Values with their units, written as readers of a language expect."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from credit_scoring.explain.language.number_words import Numbers

DIGITS = 3  # of a number, at least
EXTRA_DIGITS = 16  # tell any two doubles apart
LARGEST, SMALLEST = 1e15, 1e-9  # without a power of ten
DAYS_IN_YEAR = 365.25
NO_BREAK_SPACE = "\u00a0"
MINUS = "\u2212"
FLAG = "0 or 1"
MONEY = frozenset({"currency", "currency a year"})
PLAIN = frozenset({"", "currency", "ratio", FLAG})  # units that are not written
SCALE = re.compile(r"(\d+) to (\d+)")
DATED = re.compile(r"(days|months) (before|from) the application")

Direction = Literal["higher", "lower", "later", "earlier", "nearer", "farther", "same"]


@dataclass(frozen=True)
class Compared:
    """A client's number beside the peers' median.

    Attributes:
        value, typical: with unit.
        direction: of the value, seen from the median; None for yes and no, which say it.
    """

    value: str
    typical: str
    direction: Direction | None


@dataclass(frozen=True)
class Quantities:
    """Writes values in one language.

    Attributes:
        numbers: of the language.
        unit_names: words for units that this project does not know, by unit; a unit without words
            is written as it is.
    """

    numbers: Numbers
    unit_names: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def fixed(self, number: float, decimals: int) -> str:
        """A number with a fixed count of decimals."""
        written, numbers = f"{abs(number):,.{decimals}f}", self.numbers
        if (numbers.thousands, numbers.decimal) != (",", "."):
            written = written.translate({ord(","): numbers.thousands, ord("."): numbers.decimal})
        return MINUS + written if round(number, decimals) < 0 else written

    def value(self, value: float, unit: str) -> str:
        """A number with its unit."""
        return self._with_scale(self.quantity(value, unit), unit)

    def typical(self, median: float, unit: str) -> str:
        """A median with its unit; the median of a flag may be a half."""
        return self.numbers.half if unit == FLAG and median == 0.5 else self.value(median, unit)

    def compared(
        self, value: float, median: float, unit: str, written: str | None = None
    ) -> Compared:
        """Two numbers with as many digits as tell them apart.

        Args:
            value: the client's.
            median: to compare with.
            unit: of both.
            written: the median as `quantity` writes it; None if the caller does not keep it.
        """
        if unit == FLAG and {value, median} <= {0, 0.5, 1}:
            direction: Direction | None = "same" if value == median else None
            return Compared(self.value(value, unit), self.typical(median, unit), direction)
        own, other = self._apart(value, median, unit, written)
        return Compared(self._with_scale(own, unit), other, _direction(value, median, unit))

    def _apart(
        self, value: float, median: float, unit: str, written: str | None
    ) -> tuple[str, str]:
        own = self.quantity(value, unit)
        other = self.quantity(median, unit) if written is None else written
        for extra in range(1, EXTRA_DIGITS):
            if (own == other) == (value == median):
                break
            own, other = self.quantity(value, unit, extra), self.quantity(median, unit, extra)
        return own, other

    def quantity(self, value: float, unit: str, extra: int = 0) -> str:
        """A number with the units that stand behind each number of a pair.

        Args:
            value: the number.
            unit: of the value.
            extra: digits beyond the usual ones.
        """
        numbers = self.numbers
        if unit == FLAG and value in (0, 1):
            return numbers.yes if value else numbers.no
        if unit not in PLAIN and (dated := DATED.fullmatch(unit)):
            return self._dated(value, dated[1], dated[2] == "before", extra)
        if unit in ("days", "months", "years"):
            duration = self._duration(abs(value), unit, extra)
            return MINUS + duration if value < 0 else duration
        if unit in MONEY and not extra and abs(value) < LARGEST:
            number = self.fixed(value, 0 if value == int(value) else 2)
        else:
            number = self._number(value, extra)
        return self._counted(number, value, numbers.units.get(unit, ("{}", "{}")))

    def _number(self, number: float, extra: int = 0) -> str:
        """A number of at least three digits, without zeros at its end."""
        size = abs(number)
        if size and not SMALLEST <= size < LARGEST:
            mantissa, _, power = f"{number:.{DIGITS - 1 + extra}e}".partition("e")
            exponent = str(int(power)).replace("-", MINUS)
            written = self.fixed(float(mantissa), DIGITS - 1 + extra)
            return f"{written}{NO_BREAK_SPACE}\u00d7{NO_BREAK_SPACE}{self._power_of_ten(exponent)}"
        if number == int(number):
            return self.fixed(number, 0)
        decimals = max(0, DIGITS - 1 - math.floor(math.log10(size))) + extra
        written = self.fixed(number, decimals)
        if decimals:
            written = written.rstrip("0").removesuffix(self.numbers.decimal)
        return written

    def _duration(self, size: float, unit: str, extra: int = 0) -> str:
        """A length of time; days from one year on are written in years."""
        forms = {"days": self.numbers.day, "months": self.numbers.month, "years": self.numbers.year}
        if unit == "days" and not extra and DAYS_IN_YEAR <= size < LARGEST:
            size, unit = round(size / DAYS_IN_YEAR, 1), "years"
        return self._counted(self._number(size, extra), size, forms[unit])

    def _dated(self, value: float, unit: str, is_before: bool, extra: int) -> str:
        """A time before (-) or after (+) the application; `is_before` if all are before it."""
        if value == 0:
            return self.numbers.on_the_day
        after = value > 0 and not is_before
        return (self.numbers.after if after else self.numbers.before).format(
            self._duration(abs(value), unit, extra)
        )

    def _counted(self, number: str, size: float, forms: tuple[str, str]) -> str:
        form = forms[0 if self.numbers.is_singular(abs(size)) else 1]
        sign, digits = (MINUS, number[1:]) if number.startswith(MINUS) else ("", number)
        return sign + form.format(digits).replace(" ", NO_BREAK_SPACE)

    def _with_scale(self, number: str, unit: str) -> str:
        """A number with the ends of its scale, or with a unit that this project does not know."""
        if unit in PLAIN:
            return number
        if scale := SCALE.fullmatch(unit):
            return self.numbers.scale.format(number=number, low=scale[1], high=scale[2])
        is_known = (
            unit in self.numbers.units
            or unit in ("days", "months", "years")
            or DATED.fullmatch(unit)
        )
        return number if is_known else self._with_unknown_unit(number, unit)

    def _power_of_ten(self, exponent: str) -> str:
        return f"10^{exponent}"

    def _with_unknown_unit(self, number: str, unit: str) -> str:
        return f"{number} {self.unit_names.get(unit, unit)}"


def _direction(value: float, median: float, unit: str) -> Direction:
    if value == median:
        return "same"
    dated = DATED.fullmatch(unit)
    if dated and dated[2] == "before":
        value, median = -abs(value), -abs(median)
    if dated:
        return "later" if value > median else "earlier"
    if max(value, median) <= 0:  # of a product of dates, whose sign has no meaning to a reader
        return "nearer" if value > median else "farther"
    return "higher" if value > median else "lower"
