"""Values, numbers and dates as HTML."""

from dataclasses import dataclass
from datetime import UTC, datetime

from credit_scoring.explain.language.quantities import NO_BREAK_SPACE, Quantities
from register.letter.markup import Data


@dataclass(frozen=True)
class HtmlQuantities(Quantities):
    """Writes values as HTML in one language.

    Attributes:
        data: marks the words of `features.csv`.
    """

    data: Data

    def date(self, moment: datetime) -> str:
        """The day of a time, in UTC."""
        day = moment.astimezone(UTC)
        number = self.numbers.first_day if day.day == 1 else str(day.day)
        return NO_BREAK_SPACE.join([number, self.numbers.months[day.month - 1], str(day.year)])

    def _power_of_ten(self, exponent: str) -> str:
        return f"10<sup>{exponent}</sup>"

    def _with_unknown_unit(self, number: str, unit: str) -> str:
        return f"{number} ({self.data(self.unit_names.get(unit, unit))})"
