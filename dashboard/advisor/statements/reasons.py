"""Reasons and strengths as they may be told: a factor, the client's value and a typical one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import streamlit as st

from advisor import form_controls, page_elements
from advisor.formatting.formats import Words
from advisor.formatting.value_texts import texts_apart, typical_value
from advisor.service_client.response_models import Compare, Feature, Reason, ReasonFeature, Score
from advisor.statements import effects
from advisor.statements.effects import EffectScale

MOST_REASONS = 10  # the service's own limit
MOST_IN_WORDS = 4  # as many as in a letter
COMPARE = "compare_with"
ESTIMATED = "permutation"  # the method of contributions that are estimates
PROTECTED = "⚠"


@dataclass(frozen=True)
class ToldReason:
    """A theme's effect, told by the feature that pushes most.

    Attributes:
        title: the data team's words for the feature's value, or else its label.
        label: the feature's label; empty if the title says all.
        value: the client's value.
        typical: the peers' value; empty if there is none.
        is_flag: true if the value is yes or no.
    """

    title: str
    label: str = ""
    value: str = ""
    typical: str = ""
    is_flag: bool = False

    def values(self, words: Words) -> str:
        """The client's value and the typical one."""
        if not self.typical:
            return self.value
        if self.typical == self.value:
            return words("as_is_typical", value=self.value)
        return words("own_and_typical", value=self.value, typical=self.typical)

    def facts(self, words: Words) -> str:
        """The label, the client's value and the typical one; empty if the title says all."""
        if not self.label:
            return ""
        return words("label_and_value", label=self.label, value=self.values(words))

    def below_title(self, words: Words) -> str:
        """The facts, without a label that the title has."""
        return self.values(words) if self.title == self.label else self.facts(words)

    def lines(self, words: Words) -> tuple[str, str]:
        """The title and the facts below it.

        A flag's label alone would be read as a yes: its title has the value.
        """
        if not self.is_flag or self.title != self.label:
            return self.title, self.below_title(words)
        title = words("label_and_value", label=self.label, value=self.value)
        if not self.typical or self.typical == self.value:
            return title, words("flag_as_typical") if self.typical else ""
        return title, words("flag_typical", typical=self.typical)

    def sentence(self, words: Words) -> str:
        """The whole reason, to be read aloud or printed."""
        below = self.below_title(words)
        return words("label_and_value", label=self.title, value=below) if below else self.title


def choose_peers(words: Words) -> Compare:
    """Show the choice of peers, and return it; it holds on every page."""
    peers: tuple[Compare, ...] = ("near", "all")
    texts = {each: words(f"compare_{each}") for each in peers}
    return form_controls.choose(words, words("compare_with"), texts, COMPARE)


def chosen_peers() -> Compare:
    """The peers chosen on a page with that choice; near ones before any choice."""
    chosen: Compare = st.session_state.get(COMPARE, "near")
    return chosen


def strongest_feature(reason: Reason) -> ReasonFeature | None:
    """The feature that pushes most in a theme's own direction; None if the response has none."""
    sign = 1 if reason["contribution"] > 0 else -1
    found = max(reason["features"], key=lambda each: sign * each["contribution"])
    return found if sign * found["contribution"] > 0 else None


def told(words: Words, reason: Reason, features: Mapping[str, Feature]) -> ToldReason:
    """A reason or a strength as it may be told."""
    text, strongest = reason["text"].rstrip("."), strongest_feature(reason)
    feature = None if strongest is None else features.get(strongest["name"])
    if strongest is None or feature is None:  # an output of the transformer has no feature
        return ToldReason(text)
    label, own, median = strongest["label"], strongest["value"], strongest["median"]
    if not (of_value := re.match(rf"{re.escape(label)}\s?: ", text)):
        title = text
    elif isinstance(own, str):  # the text has the peers' most frequent category
        return ToldReason(label, label, text[of_value.end() :])
    else:
        title = label
    typical = typical_value(feature) if median is None else median
    value, typical_text = texts_apart(words, feature, own, typical)
    is_flag = feature["kind"] == "flag"
    return ToldReason(title, label, value, "" if typical is None else typical_text, is_flag)


def strengths_of(score: Score) -> list[Reason]:
    """The themes that speak for the client; none if they were not asked for."""
    return score.get("strengths") or []


def show_told(
    words: Words,
    score: Score,
    features: Mapping[str, Feature],
    most: int,
    *,
    strengths: bool = False,
) -> None:
    """Show the strongest reasons or strengths of a score that may be told to the client.

    Args:
        words: texts and number formats.
        score: has reasons, and strengths if they are asked for.
        features: by name.
        most: the largest number of them.
        strengths: true for the themes that speak for the client.
    """
    found = strengths_of(score) if strengths else score["reasons"]
    if not found:
        peers = words(f"with_{score['compare']}")
        st.markdown(words("no_strengths" if strengths else "no_reasons", peers=peers))
        return
    scale = effects.scale_for([each["contribution"] for each in found])
    items = "".join(item(words, each, features, scale) for each in found[:most])
    st.html(f'<ol style="margin:0;padding-left:1.4rem">{items}</ol>')


def item(words: Words, reason: Reason, features: Mapping[str, Feature], scale: EffectScale) -> str:
    """HTML of a reason: its title, the client's value and the typical one, its effect."""
    own = told(words, reason, features)
    title, below = own.lines(words)
    return (
        '<li style="margin:0 0 .5rem"><div style="display:flex;flex-wrap:wrap;gap:0 1rem;'
        'align-items:center;justify-content:space-between"><div style="flex:1 1 15rem">'
        f"<strong>{page_elements.tagged(title, own.title)}</strong>{flag(words, reason)}"
        f"<br>{page_elements.tagged(below, own.label)}</div>"
        f"{effects.bar(words, scale, reason['contribution'])}</div></li>"
    )


def flag(words: Words, reason: Reason) -> str:
    """HTML that flags a protected trait, with a space before it; empty without one."""
    found = protected_flag(words, reason)
    return f" {escape(found)}" if found else ""


def protected_flag(words: Words, reason: Reason) -> str:
    """The words that flag a protected trait; empty without one."""
    return f"{PROTECTED} {words('protected_trait')}" if reason["protected"] else ""


def protected_themes(score: Score) -> list[str]:
    """The themes with a protected trait among the reasons that a letter would give.

    The letter of an acceptance gives none.
    """
    if not score["prediction"]:
        return []
    told_ones = score["reasons"][:MOST_IN_WORDS]
    return [reason["group"] for reason in told_ones if reason["protected"]]


def show_protected(words: Words, score: Score) -> None:
    """Show a warning if a protected trait is among the reasons: a person must decide."""
    if themes := protected_themes(score):
        sentence = words("protected_among_reasons", themes=", ".join(themes))
        st.warning(page_elements.plain(sentence), icon=PROTECTED)


def notes(words: Words, score: Score) -> list[str]:
    """Sentences on contributions that do not add up to the score, or that are estimates."""
    found = []
    if score["contributions_in"] == "margin":
        found.append(words("contributions_in_margin"))
    if score["explained_by"] == ESTIMATED:
        found.append(words("contributions_estimated"))
    return found
