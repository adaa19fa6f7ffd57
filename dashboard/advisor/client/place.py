"""The client's place among the earlier clients who repaid and those who did not."""

from html import escape

import streamlit as st

from advisor import page_elements
from advisor.appearance.palette import palette
from advisor.formatting.formats import Words
from advisor.service_client.response_models import Score

ALMOST = (0, 100)  # percent: shares that only round to them get a decimal


def percent(words: Words, share: float) -> str:
    """A share in percent; "100 %" and "0 %" mean all and none."""
    rounds_away = round(100 * share) in ALMOST and share not in (0, 1)
    return words.percent(share, 1 if rounds_away else 0)


def show(words: Words, score: Score) -> None:
    """Show the shares of both classes that are less risky: a sentence and two bars."""
    shares = {"paid": score["position"]["class0"], "unpaid": score["position"]["class1"]}
    known = {name: share for name, share in shares.items() if share is not None}
    if not known:
        st.markdown(words("no_earlier_clients"))
        return
    written = {name: percent(words, share) for name, share in known.items()}
    key = "riskier_both" if len(known) == len(shares) else f"riskier_{next(iter(known))}"
    page_elements.paragraph(words(key, **written))
    bars = "".join(bar(words(name), share, written[name], name) for name, share in known.items())
    title = escape(words("less_risky_share"))
    st.html(f'<div aria-hidden="true" style="margin-top:.4rem"><div>{title}</div>{bars}</div>')


def bar(name: str, share: float, text: str, form: str) -> str:
    """HTML of a share's bar: filled for the clients who paid, empty for the others."""
    colours = palette()
    style = f"border:2px solid {colours.favour if form == 'paid' else colours.against};height:1rem"
    if form == "paid":
        style = f"border-top:1rem solid {colours.favour};height:0"
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:0 1rem;align-items:center;margin:.2rem 0">'
        f'<span style="flex:0 0 14rem">{escape(name)}</span>'
        '<span style="flex:1 1 14rem;display:flex;align-items:center;gap:.5rem">'
        f'<span style="{style};box-sizing:border-box;width:{80 * share:.1f}%;min-width:4px"></span>'
        f"<span>{escape(text)}</span></span></div>"
    )
