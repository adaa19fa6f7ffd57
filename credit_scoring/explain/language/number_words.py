"""Words and separators of numbers, dates and quantities in one language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace


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
        symbol, code: an amount of money with a currency's symbol, such as a euro sign, and with a
            code of letters.
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
    symbol: str
    code: str

    def with_currency(self, currency: str) -> "Numbers":
        """A copy with a currency in amounts of money.

        Args:
            currency: its symbol or code.
        """
        form = self.code if currency[0].isalnum() else self.symbol
        money = form.format(number="{}", currency=currency.replace("{", "").replace("}", ""))
        per_year = self.units["currency a year"][1].format(money)
        units = {"currency": (money, money), "currency a year": (per_year, per_year)}
        return replace(self, units={**self.units, **units})


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
    symbol="{currency}{number}",
    code="{currency} {number}",
)  # fmt: skip

FRENCH_NUMBERS = Numbers(
    thousands="\u202f",
    decimal=",",
    months=(
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
        "octobre", "novembre", "décembre",
    ),
    first_day="1er",
    is_singular=lambda size: size < 2,
    units={
        "currency a year": ("{} par an", "{} par an"),
        "people": ("{} personne", "{} personnes"),
        "credits": ("{} crédit", "{} crédits"),
        "documents": ("{} document", "{} documents"),
        "instalments": ("{} échéance", "{} échéances"),
        "payments": ("{} paiement", "{} paiements"),
    },
    year=("{} an", "{} ans"),
    month=("{} mois", "{} mois"),
    day=("{} jour", "{} jours"),
    before="{} avant la demande",
    after="{} après la demande",
    on_the_day="le jour de la demande",
    scale="{number} sur une échelle de {low} à {high}",
    yes="oui",
    no="non",
    half="oui pour la moitié d\u2019entre eux",
    unknown="non connue",
    symbol="{number} {currency}",
    code="{number} {currency}",
)  # fmt: skip
