"""Calendar months in UTC."""

import argparse
import re
from dataclasses import dataclass
from datetime import UTC, datetime

NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
FIRST_YEAR, LAST_YEAR = 1980, 9998  # months before and after these years have a name, too


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month in UTC."""

    year: int
    number: int

    @classmethod
    def read(cls, text: str) -> "Month":
        """Read a month as it is written on the command line.

        Raises:
            ArgumentTypeError: the text is not a month.
        """
        found = MONTH.fullmatch(text)
        if not found or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
            raise argparse.ArgumentTypeError(f"{text} is not a month such as 2026-10")
        return cls(int(found[1]), int(found[2]))

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.later(1).start

    @property
    def name(self) -> str:
        """Its name with the year, such as October 2026."""
        return f"{NAMES[self.number - 1]} {self.year}"

    def later(self, months: int) -> "Month":
        """A month some months later, or earlier if the number is negative."""
        years, rest = divmod(self.number - 1 + months, 12)
        return Month(self.year + years, rest + 1)

    def __str__(self) -> str:
        """The month as it is written on the command line."""
        return f"{self.year:04}-{self.number:02}"
