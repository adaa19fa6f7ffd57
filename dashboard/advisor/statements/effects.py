"""Effects of themes on a score: strong, medium or weak, with one rule for all clients and units.

The unit is the mean absolute contribution of the most important theme over all earlier clients. A
strong effect is at least half a unit, a medium one at least a sixth; any other is weak.
"""

from dataclasses import dataclass
from html import escape
from typing import Literal

from advisor import session
from advisor.appearance.palette import palette
from advisor.formatting.formats import Words
from advisor.service_client.response_models import Importance

Strength = Literal["strong", "medium", "weak"]
STRONG, MEDIUM = 1 / 2, 1 / 6  # of the most important theme's mean contribution


@dataclass(frozen=True)
class EffectScale:
    """The scale of effects.

    Attributes:
        unit: mean absolute contribution of the most important theme, in the model's raw output.
        longest: the contribution that fills a bar.
    """

    unit: float
    longest: float

    @classmethod
    def of(cls, importance: Importance, contributions: list[float]) -> "EffectScale":
        """The scale for some contributions, whose bars reach as far as the largest effect."""
        unit = max((each["importance"] for each in importance["groups"]), default=0.0)
        return cls(unit, max([unit, *map(abs, contributions)]))

    def strength(self, contribution: float) -> Strength:
        """The word for a contribution of either direction."""
        size = abs(contribution)
        if size >= STRONG * self.unit:
            return "strong"
        return "medium" if size >= MEDIUM * self.unit else "weak"

    def share(self, contribution: float) -> float:
        """The length of a contribution's bar, between 0 and 1."""
        return abs(contribution) / self.longest if self.longest else 0.0


def scale_for(contributions: list[float]) -> EffectScale:
    """The scale of effects of the page's model."""
    return EffectScale.of(session.service().importance(), contributions)


def bar(words: Words, scale: EffectScale, contribution: float) -> str:
    """HTML of a bar and its word; the bar has a border, which forced colours keep."""
    colours = palette()
    colour = colours.against if contribution > 0 else colours.favour
    width = f"{100 * scale.share(contribution):.1f}%"
    word = escape(words(scale.strength(contribution)))
    return (
        '<span style="display:flex;align-items:center;gap:.5rem;width:11rem">'
        '<span aria-hidden="true" style="flex:1">'
        f'<span style="display:block;width:{width};min-width:2px;'
        f'border-top:.6rem solid {colour}"></span></span>'
        f'<span style="width:4.2rem">{word}</span></span>'
    )
