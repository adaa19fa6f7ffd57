"""The decision on an application: a sentence, its figures and a band with an icon and an axis."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from advisor.appearance.palette import palette
from advisor.formatting.formats import MOST_DIGITS, Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Score
from advisor.statements import risk_axis

REFUSED, ACCEPTED = "✖", "✔"
PD_DIGITS = 1  # of 100 clients, at least
ENOUGH_DIGITS = 16  # tell any score from a limit


def kind(score: Score) -> str:
    """The decision as the stem of a text's key: refused or accepted."""
    return "refused" if score["prediction"] else "accepted"


def icon(score: Score) -> str:
    """A sign of the decision that needs no colour."""
    return REFUSED if score["prediction"] else ACCEPTED


def hundredths(words: Words, shares: Sequence[float], least: int = 0) -> list[str]:
    """Shares between 0 and 1 times 100, with the fewest decimals at which they look different."""
    for digits in range(least, MOST_DIGITS + 1):
        found = [words.number(100 * share, digits) for share in shares]
        if len(set(found)) == len(set(shares)):
            break
    return found


def limit_digits(threshold: float) -> int:
    """The fewest decimals of a limit: none if it is whole, or else one."""
    return 0 if round(100 * threshold, MOST_DIGITS).is_integer() else 1


def risk_texts(words: Words, threshold: float, *probabilities: float) -> list[str]:
    """Risk scores from 0 to 100, and their limit as the last one: the one rule of their digits.

    They have the fewest decimals at which no score looks like the limit, except an equal one. A
    limit that is not whole has at least one. Letters of the register have the same digits.
    """
    for digits in range(limit_digits(threshold), ENOUGH_DIGITS):
        *found, limit = (words.number(100 * each, digits) for each in (*probabilities, threshold))
        if all(
            (own == limit) == (each == threshold)
            for own, each in zip(found, probabilities, strict=True)
        ):
            break
    return [*found, limit]


def risk(words: Words, score: Score) -> str:
    """The risk score and its limit: the probability and the threshold times 100."""
    own, limit = risk_texts(words, score["threshold"], score["probability"])
    return words("risk", score=own, limit=limit)


def verdict(words: Words, score: Score) -> str:
    """The decision in a sentence, with the risk score and its limit."""
    own, limit = risk_texts(words, score["threshold"], score["probability"])
    return words(f"{kind(score)}_by_risk", score=own, limit=limit)


def repayment(words: Words, service: PinnedService, score: Score) -> str:
    """The meaning of the risk score: clients of 100 who do not repay, or a rank."""
    if (pd := score.get("pd")) is None:
        return words("rank")
    share, limit = hundredths(words, (pd, service.pd_limit()), PD_DIGITS)
    return words("repayment", share=share, limit=limit)


def figures(words: Words, service: PinnedService, score: Score) -> dict[str, str]:
    """The figures of a score, written out, by the keys of their names."""
    own, limit = risk_texts(words, score["threshold"], score["probability"])
    found = {"decision": words(kind(score)), "risk_score": own, "risk_limit": limit}
    if (pd := score.get("pd")) is not None:
        found["defaults_of_100"] = hundredths(words, (pd, service.pd_limit()), PD_DIGITS)[0]
    if (points := score.get("points")) is not None:
        found["points"] = words.number(points)
    if (grade := score.get("grade")) is not None:
        found["grade"] = grade
    return found


def show(words: Words, service: PinnedService, score: Score) -> None:
    """Show the decision: icon, word and colour, the risk score on its axis, and its meaning."""
    colour = colour_of(score)
    meaning = [repayment(words, service, score)]
    found = figures(words, service, score)
    meaning += [
        words("label_and_value", label=words(key), value=found[key])
        for key in ("grade", "points")
        if key in found
    ]
    st.html(
        '<section style="display:flex;flex-wrap:wrap;gap:.3rem 2.5rem;align-items:center;'
        f'border-left:.5rem solid {colour};padding:.1rem 0 .1rem 1rem"><div>'
        f'<h2 style="margin:0;padding:0;font-size:1.6rem;color:{colour}">'
        f'<span aria-hidden="true">{icon(score)}</span> {escape(verdict(words, score))}</h2>'
        f'<p style="margin:.2rem 0 0">{escape(" · ".join(meaning))}</p></div>'
        f'<div style="flex:1 1 20rem">{axis(words, score)}</div></section>'
    )


def show_small(words: Words, score: Score) -> None:
    """Show the decision in a line, over its axis."""
    st.html(
        f'<p style="margin:0;font-weight:600;color:{colour_of(score)}">'
        f'<span aria-hidden="true">{icon(score)}</span> {escape(verdict(words, score))}</p>'
        f"{axis(words, score)}"
    )


def colour_of(score: Score) -> str:
    """The colour of the decision."""
    return palette().against if score["prediction"] else palette().favour


def axis(words: Words, score: Score) -> str:
    """HTML of the risk score on its axis."""
    own, limit = risk_texts(words, score["threshold"], score["probability"])
    sentence = words("axis", score=own, limit=limit)
    return risk_axis.html(score, own, words("axis_limit", limit=limit), sentence)
