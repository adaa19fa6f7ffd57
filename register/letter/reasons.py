"""The section of the principal reasons: factor, the client's value, a typical one, direction.

12 CFR 1002.9(b)(2) asks for the specific principal reasons, and its comment 1 finds that more than
four are unlikely to help. The CFPB's Circular 2023-03 finds a theme such as "Education" too broad.
"""

from collections.abc import Set
from dataclasses import dataclass

from credit_scoring.explain.language.quantities import FLAG
from credit_scoring.explain.reason_codes import Reason, ReasonFeature
from register.errors import LetterHeld
from register.letter.figures import Figures
from register.letter.languages.texts import Reasons
from register.letter.markup import element, listed, paragraphs, section
from register.letter.quantities import HtmlQuantities
from register.letter.words import Words

MOST_REASONS = 4


@dataclass(frozen=True)
class ReasonWriter:
    """Writes reasons in one language.

    Attributes:
        texts: of the language.
        quantities: writes values.
        flags: names of features that are 1 or 0, though they have no unit that says so.
        words: of `features.csv` in this language.
    """

    texts: Reasons
    quantities: HtmlQuantities
    flags: Set[str]
    words: Words

    def section(
        self, reasons: tuple[Reason, ...], compare: str, figures: Figures, *, are_principal: bool
    ) -> str:
        """The section; the list has the order of the reasons.

        Args:
            reasons: that `printable` gives.
            compare: the peers.
            figures: of these reasons.
            are_principal: false if a heavier reason is not printed.
        """
        has_effects = len(figures.without) == len(reasons)
        items = []
        for at, reason in enumerate(reasons):
            item = self._reason(reason)
            if has_effects:
                item += "\n" + element(
                    "p", self._score(self.texts.effect, figures, figures.without[at])
                )
            items.append(item)
        peers = self.texts.peers[compare]
        limit = self._hundredths(figures, figures.limit)
        score = self._hundredths(figures, figures.score)
        first = self.texts.introduction if are_principal else self.texts.introduction_of_some
        before = [first.format(peers=peers)]
        before.append(self.texts.score.format(score=score, limit=limit))
        if has_effects:
            before.append(self.texts.effects)
        after = []
        if has_effects and figures.without_all is not None:
            after.append(self._score(self.texts.all_effects, figures, figures.without_all))
        if figures.before is not None:
            after.append(self._score(self.texts.before, figures, figures.before))
        after.append(self.texts.no_promise)
        return section(self.texts.title, paragraphs(before), listed("ol", items), paragraphs(after))

    def _reason(self, reason: Reason) -> str:
        """The content of a list's item."""
        feature, data, texts = strongest(reason), self.quantities.data, self.texts
        label, text = data(self.words.label(feature)), self.words.text(reason, feature)
        title = element("strong", label if text is None else data(text))
        factor = [] if text is None else [texts.factor.format(label=label)]
        return "\n".join(
            [element("p", title), element("p", " ".join(factor + self._values(feature)))]
        )

    def _values(self, feature: ReasonFeature) -> list[str]:
        """Sentences on a feature's value and the typical one."""
        texts, quantities = self.texts, self.quantities
        value, median, unit = feature.value, feature.median, feature.unit
        if feature.name in self.flags and not unit:
            unit = FLAG
        if isinstance(value, str):
            return [texts.value.format(value=quantities.data(value))]
        if value is not None and median is not None:
            found = quantities.compared(value, median, unit)
            typical = texts.typical_only.format(typical=found.typical)
            if found.direction is not None:
                direction = texts.directions[found.direction]
                typical = texts.typical.format(typical=found.typical, direction=direction)
            return [texts.value.format(value=found.value), typical]
        unknown = quantities.numbers.unknown
        own = unknown if value is None else quantities.value(value, unit)
        typical = unknown if median is None else quantities.typical(median, unit)
        sentences = [texts.value.format(value=own), texts.typical_only.format(typical=typical)]
        return [*sentences, texts.missing] if value is None else sentences

    def _score(self, text: str, figures: Figures, score: float) -> str:
        side = self.texts.below if score < figures.limit else self.texts.not_below
        return text.format(score=self._hundredths(figures, score), side=side)

    def _hundredths(self, figures: Figures, probability: float) -> str:
        return self.quantities.fixed(100 * probability, figures.decimals)


def strongest(reason: Reason) -> ReasonFeature:
    """The feature with the largest contribution, which the reason's text is about."""
    return max(reason.features, key=lambda feature: feature.contribution)


def printable(recorded: tuple[Reason, ...], *, is_reviewed: bool) -> tuple[Reason, ...]:
    """The reasons that a letter prints: the principal ones, never one with a protected trait.

    Args:
        recorded: all reasons on record, the strongest first; perhaps none.
        is_reviewed: true if a person has confirmed the refusal since.

    Raises:
        LetterHeld: a protected trait contributed to a principal reason and no person has decided
            since, or no other reason is on record; or none of a reason's features raised the score.
    """
    reasons = recorded[:MOST_REASONS]
    if any(reason.protected for reason in reasons):
        if not is_reviewed:
            raise LetterHeld(
                "a person must decide before this letter is sent: a trait that law protects"
                " contributed to the reasons. Review the decision: if it becomes an acceptance, its"
                " letter can be written; if it stays a refusal, the letter gives the other reasons"
            )
        reasons = tuple(each for each in recorded if not each.protected)[:MOST_REASONS]
        if not reasons:
            raise LetterHeld(
                "a person must write this letter: a trait that law protects contributed to each"
                " reason on record"
            )
    for reason in reasons:
        if all(feature.contribution <= 0 for feature in reason.features):
            raise LetterHeld(
                "a person must write this letter: the features of a reason are not on record, and"
                " a theme alone is not a specific reason"
            )
    return reasons
