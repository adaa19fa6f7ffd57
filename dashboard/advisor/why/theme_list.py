"""The themes against and for a client: a row each, which opens in place to its features."""

import math
from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from advisor import page_elements
from advisor.appearance.palette import palette
from advisor.formatting.formats import Words
from advisor.formatting.value_texts import texts_apart, typical_value
from advisor.service_client.response_models import Feature, Reason, ReasonFeature, Score
from advisor.statements import effects
from advisor.statements.effects import EffectScale
from advisor.statements.reasons import flag, strengths_of, told

RAW_DIGITS = 3


def show(words: Words, score: Score, features: Mapping[str, Feature]) -> None:
    """Show the themes of a score: from the strongest against the client to that for the client."""
    themes = [*score["reasons"], *reversed(strengths_of(score))]
    other = score["other"] or 0.0
    scale = effects.scale_for([*(theme["contribution"] for theme in themes), other])
    rows = "".join(row(words, theme, features, scale) for theme in themes)
    st.html(f"{head(words)}{rows}{rest(words, other, scale)}")


def head(words: Words) -> str:
    """HTML of the names of the columns; each row repeats them for readers who do not see it."""
    left, right = escape(f"◄ {words('against')}"), escape(f"{words('for')} ►")
    sides = (
        f'<span style="flex:1;text-align:right;padding-right:.4rem">{left}</span>'
        f'<span style="flex:1;padding-left:.4rem">{right}</span>'
    )
    names = (escape(words(key)) for key in ("theme", "strongest_fact", "this_client", "typical"))
    cells = "".join(f"<span>{name}</span>" for name in names)
    return (
        f'<div aria-hidden="true" class="desk-theme desk-theme-head">{cells}'
        f'<span style="display:flex">{sides}</span><span>{escape(words("effect"))}</span></div>'
    )


def row(words: Words, theme: Reason, features: Mapping[str, Feature], scale: EffectScale) -> str:
    """HTML of a theme: closed, its strongest fact and its effect; open, its features."""
    own = told(words, theme, features)
    label = page_elements.tagged(own.label or own.title, own.label or own.title)
    name = page_elements.tagged(theme["group"], theme["group"]) + flag(words, theme)
    return (
        f'<details style="border-top:1px solid {palette().grey};padding:.35rem 0">'
        '<summary style="cursor:pointer"><div class="desk-theme">'
        f"<strong>{name}</strong><span>{label}</span>"
        f"{value_cell(words, 'this_client', own.value)}"
        f"{value_cell(words, 'typical', own.typical)}"
        f"{two_sided_bar(scale, theme['contribution'])}"
        f"<span>{escape(effect(words, scale, theme['contribution']))}</span>"
        f"</div></summary>{feature_table(words, theme, features, scale)}</details>"
    )


def value_cell(words: Words, name: str, value: str) -> str:
    """HTML of a value; its column's name is for readers who do not see the columns."""
    if not value:
        return "<span></span>"
    heard = words("label_and_value", label=words(name), value="")
    return f'<span><span class="desk-heard">{heard}</span>{escape(value)}</span>'


def effect(words: Words, scale: EffectScale, contribution: float) -> str:
    """The side and the strength of an effect."""
    side = "against" if contribution > 0 else "for"
    return words(
        "side_and_strength", side=words(side), strength=words(scale.strength(contribution))
    )


def two_sided_bar(scale: EffectScale, contribution: float) -> str:
    """HTML of a bar: to the left against the client, to the right for the client."""
    colours, is_against = palette(), contribution > 0
    colour = colours.against if is_against else colours.favour
    width = f"width:{100 * scale.share(contribution):.1f}%;min-width:2px"
    bar = f'<span style="display:block;{width};border-top:.75rem solid {colour}"></span>'
    empty = '<span style="flex:1"></span>'
    half = "flex:1;display:flex"
    full = f'<span style="{half};justify-content:{"flex-end" if is_against else "flex-start"}">'
    sides = [f"{full}{bar}</span>", empty] if is_against else [empty, f"{full}{bar}</span>"]
    middle = f'<span style="border-left:2px solid {colours.ink};height:1.3rem"></span>'
    return (
        '<span aria-hidden="true" style="display:flex;align-items:center">'
        f"{sides[0]}{middle}{sides[1]}</span>"
    )


def feature_table(
    words: Words, theme: Reason, features: Mapping[str, Feature], scale: EffectScale
) -> str:
    """HTML of the strongest features of a theme: value, typical value, effect and raw number."""
    head = [words(key) for key in ("feature", "value", "typical", "effect", "raw")]
    rows = [
        (
            each["label"],
            *values(words, each, features),
            effect(words, scale, each["contribution"]),
            words.number(each["contribution"], RAW_DIGITS, sign=True),
        )
        for each in theme["features"]
    ]
    total = words.number(theme["contribution"], RAW_DIGITS, sign=True)
    caption = words("theme_features", theme=theme["group"], raw=total)
    return (
        '<div style="padding:.3rem 0 .6rem 1.3rem">'
        f"{page_elements.table_html(caption, head, rows)}</div>"
    )


def values(words: Words, each: ReasonFeature, features: Mapping[str, Feature]) -> Sequence[str]:
    """The client's value of a feature and the peers' median, written out."""
    if (feature := features.get(each["name"])) is None:  # an output of the transformer
        own, median = each["value"], each["median"]
        return words.value(own, each["unit"]), "" if median is None else words.value(median)
    usual = typical_value(feature) if each["median"] is None else each["median"]
    own_text, typical = texts_apart(words, feature, each["value"], usual)
    return own_text, "" if usual is None else typical


def rest(words: Words, other: float, scale: EffectScale) -> str:
    """HTML of the sentence on all other themes together; empty if they contribute nothing."""
    if math.isclose(other, 0.0, abs_tol=1e-9):
        return ""
    key = "rest_against" if other > 0 else "rest_for"
    strength = words(scale.strength(other))
    return f'<p style="margin:.5rem 0 0">{escape(words(key, strength=strength))}</p>'
