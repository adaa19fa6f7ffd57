"""Suggestions that go against a reason, and the figure behind both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from advisor.formatting.formats import Words
from advisor.formatting.value_texts import texts_apart
from advisor.service_client.response_models import Feature, Reason, ReasonFeature, Record
from advisor.simulation.formulas import after_change
from advisor.statements.reasons import strongest_feature


@dataclass(frozen=True)
class Figure:
    """A feature that a suggestion changes, itself or by a formula.

    Attributes:
        feature: the feature, computed from a suggested one or a suggested one itself.
        own: the client's value.
        after: the value after the suggested change.
        typical: the peers' median, as in the reason, or else that of the clients who paid.
    """

    feature: Feature
    own: float
    after: float
    typical: float

    @property
    def comes_nearer(self) -> bool:
        """True if the change brings the value nearer to the typical one."""
        return abs(self.after - self.typical) < abs(self.own - self.typical)

    def texts(self, words: Words) -> list[str]:
        """The client's value, the typical one and the one after the change, written out."""
        return texts_apart(words, self.feature, self.own, self.typical, self.after)


@dataclass(frozen=True)
class Contradiction:
    """A reason that a suggestion goes against, and the figure behind both."""

    reason: Reason
    figure: Figure

    @property
    def labels(self) -> list[str]:
        """The data team's words in the sentence."""
        return [self._reason_text, self.figure.feature["label"]]

    @property
    def _reason_text(self) -> str:
        """The reason without a full stop."""
        return self.reason["text"].rstrip(".")

    def sentence(self, words: Words) -> str:
        """The contradiction in words."""
        own, typical, after = self.figure.texts(words)
        return words(
            "against_reason",
            reason=self._reason_text,
            label=self.figure.feature["label"],
            own=own,
            typical=typical,
            after=after,
        )


def find(
    features: Mapping[str, Feature],
    record: Record,
    reasons: Sequence[Reason],
    changes: Record,
) -> Contradiction | None:
    """The strongest reason that suggested changes go against; None if they go against none.

    A reason is worded by its strongest feature, as high or low. Changes go against it if they move
    that feature further from the median of the peers.
    """
    for reason in reasons:
        if (strongest := strongest_feature(reason)) is None:
            continue
        own, median = strongest["value"], strongest["median"]
        after = after_change(features, record, changes, strongest["name"])
        if not isinstance(own, float | int) or not isinstance(after, float | int):
            continue
        if median is None or own == median or after == own or (own > median) != (after > own):
            continue
        if figure := figure_behind(features, record, changes, reason, strongest):
            return Contradiction(reason, figure)
    return None


def figure_behind(
    features: Mapping[str, Feature],
    record: Record,
    changes: Record,
    reason: Reason,
    strongest: ReasonFeature,
) -> Figure | None:
    """The figure behind a reason and a change; None if no typical value is known.

    It is the reason's strongest feature if that is computed from the changed one. Else it is a
    feature of the theme that is: one that the change brings nearer to its typical value, if there
    is one, and the changed feature itself if none is computed from it.
    """
    medians = {each["name"]: each["median"] for each in reason["features"]}
    theme = [name for name, each in features.items() if each["group"] == reason["group"]]
    names = dict.fromkeys([strongest["name"], *medians, *theme])
    figures = {
        name: figure
        for name in names
        if (figure := figure_of(features, record, changes, name, medians.get(name))) is not None
    }
    if strongest["name"] in figures and strongest["name"] not in changes:
        return figures[strongest["name"]]
    computed = [figure for name, figure in figures.items() if name not in changes]
    nearer = [figure for figure in computed if figure.comes_nearer]
    return next(iter([*nearer, *computed, *figures.values()]), None)


def figure_of(
    features: Mapping[str, Feature],
    record: Record,
    changes: Record,
    name: str,
    peers_median: float | None,
) -> Figure | None:
    """A feature that changes; None if it does not, or if one of its values is not known."""
    if name not in features or (quantiles := features[name]["class0"]["quantiles"]) is None:
        return None
    own, after = record.get(name), after_change(features, record, changes, name)
    if not isinstance(own, float | int) or not isinstance(after, float | int) or own == after:
        return None
    typical = quantiles["50"] if peers_median is None else peers_median
    return Figure(features[name], own, after, typical)
