"""A client's number among those of the reference clients, in words."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from statistics import median
from typing import Literal

from advisor.formatting.display_scale import scale_of
from advisor.formatting.formats import SEPARATORS, Words
from advisor.service_client.response_models import Feature

Side = Literal["more", "less", "same"]


class Comparison:
    """A number's values by class, as pages show them.

    Sides and shares are of the shown numbers: of 3,000 days before the application, which a table
    has as -3,000, 2,000 days are less.
    """

    def __init__(self, feature: Feature, by_class: Sequence[Sequence[float]]) -> None:
        """Take the values of the clients who paid and of those who did not, as stored."""
        self._feature, self._scale = feature, scale_of(feature)
        self._shown = [sorted(map(self._scale.shown, values)) for values in by_class]
        self._medians = [median(values) if values else None for values in by_class]

    def medians(self, words: Words) -> list[str]:
        """The median of each class, written out."""
        return [words.feature_value(self._feature, each) for each in self._medians]

    def side(self, words: Words, own: float) -> Side | None:
        """The side of the paid clients' median on which a value lies, by the written numbers.

        Numbers that are written alike count as the same. None if no client who paid has a value.
        """
        typical = self._medians[0]
        if typical is None:
            return None
        if self._written(words, own) == self._written(words, typical):
            return "same"
        return "more" if self._scale.shown(own) > self._scale.shown(typical) else "less"

    def _written(self, words: Words, value: float) -> str:
        """A value, written out, without zeros after its last decimal: 33.0 is read like 33."""
        mark = re.escape(SEPARATORS[words.language][1])
        text = words.feature_value(self._feature, value)
        return re.sub(rf"{mark}(\d*?)0+(?!\d)", lambda found: found[1] and mark + found[1], text)

    def share(self, at: int, own: float, *, above: bool) -> float | None:
        """The share of a class whose shown numbers are above or below; None without values."""
        values, shown = self._shown[at], self._scale.shown(own)
        if not values:
            return None
        count = len(values) - bisect_right(values, shown) if above else bisect_left(values, shown)
        return count / len(values)

    def sentence(self, words: Words, own: float) -> str:
        """The client's value, its side, and the shares of both classes on the other side.

        A date is earlier or later; any other number is more or less.
        """
        value, side = words.feature_value(self._feature, own), self.side(words, own)
        if side is None:
            return words("client_has", value=value)
        paid, unpaid = (
            words.percent_or_unknown(self.share(at, own, above=side == "less")) for at in range(2)
        )
        kind = "date" if self._scale.is_date else "number"
        return words(f"client_{kind}_{side}", value=value, paid=paid, unpaid=unpaid)
