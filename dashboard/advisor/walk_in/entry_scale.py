"""The numbers that are typed for a feature: shares in percent, and times in years before the
application, where stored in negative days.
"""

from dataclasses import dataclass

from advisor.formatting.display_scale import DAYS, DisplayScale, scale_of
from advisor.formatting.formats import DAYS_IN_YEAR
from advisor.service_client.response_models import Feature

YEAR_DIGITS = 3  # a thousandth of a year is less than half a day: whole days survive


@dataclass(frozen=True)
class EntryScale:
    """The scale on which a feature's numbers are typed.

    Attributes:
        period: the key of the word for years, days or months; empty for a number as stored.
        is_date: true for a date, which lies before the application; false for a length of time.
        days: the days in a unit that is typed; 1 if the stored unit is typed.
        is_turned: true if the typed number has the other sign than the stored one.
        is_whole: true if stored numbers are whole days.
        is_percent: true if a share is typed in percent.
    """

    period: str = ""
    is_date: bool = False
    days: float = 1
    is_turned: bool = False
    is_whole: bool = False
    is_percent: bool = False

    @property
    def _share(self) -> DisplayScale:
        return DisplayScale(is_percent=self.is_percent)

    def typed(self, value: float) -> float:
        """The number that is typed for a stored one."""
        shown = 0.0 - value if self.is_turned else self._share.typed(value)
        return shown if self.days == 1 else round(shown / self.days, YEAR_DIGITS)

    def stored(self, number: float, own: float | None = None) -> float:
        """The number to store for a typed one; `own` itself for the number that is typed for it."""
        if own is not None and number == self.typed(own):
            return own
        value = self._share.stored(number) * self.days
        if self.is_whole:
            value = float(round(value))
        return 0.0 - value if self.is_turned else value


def entry_scale(feature: Feature) -> EntryScale:
    """The scale of a feature: years if clients who paid have a year or more in the median."""
    scale, quantiles = scale_of(feature), feature["class0"]["quantiles"]
    if not scale.is_dated or quantiles is None:
        return EntryScale(is_percent=scale.is_percent)
    if scale.period != DAYS or abs(quantiles["50"]) < DAYS_IN_YEAR:
        return EntryScale(f"unit_{scale.period}", scale.is_date, is_turned=scale.is_turned)
    is_whole = all(quantiles[end] == int(quantiles[end]) for end in ("0", "100"))
    return EntryScale("years", scale.is_date, DAYS_IN_YEAR, scale.is_turned, is_whole)
