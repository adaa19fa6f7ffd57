"""Words and separators of numbers, dates and quantities in one language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """How a language writes numbers, dates and quantities.

    Attributes:
        thousands, decimal: separators.
        months: names of the months.
        first_day: of a month; other days are numbers.
        is_singular: True for the size of a quantity whose unit is a singular.
        units: singular and plural of a quantity, by the unit of `features.csv`.
        year, month, day: singular and plural of a duration.
        before, after, on_the_day: a time relative to the application.
        scale: a number and the ends of its scale.
        yes, no, half: a flag; half of the peers have it.
        unknown: a missing value.
    """

    thousands: str
    decimal: str
    months: tuple[str, ...]
    first_day: str
    is_singular: Callable[[float], bool]
    units: Mapping[str, tuple[str, str]]
    year: tuple[str, str]
    month: tuple[str, str]
    day: tuple[str, str]
    before: str
    after: str
    on_the_day: str
    scale: str
    yes: str
    no: str
    half: str
    unknown: str


ENGLISH_NUMBERS = Numbers(
    thousands=",",
    decimal=".",
    months=(
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
    first_day="1",
    is_singular=lambda size: size == 1,
    units={
        "currency a year": ("{} a year", "{} a year"),
        "people": ("{} person", "{} people"),
        "credits": ("{} credit", "{} credits"),
        "documents": ("{} document", "{} documents"),
        "instalments": ("{} instalment", "{} instalments"),
        "payments": ("{} payment", "{} payments"),
    },
    year=("{} year", "{} years"),
    month=("{} month", "{} months"),
    day=("{} day", "{} days"),
    before="{} before the application",
    after="{} after the application",
    on_the_day="on the day of the application",
    scale="{number} on a scale from {low} to {high}",
    yes="yes",
    no="no",
    half="yes for half of them",
    unknown="not known",
)  # fmt: skip
