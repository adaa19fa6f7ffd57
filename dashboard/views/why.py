"""Page of reasons: the themes against and for the client, with one choice of peers."""

import streamlit as st

from advisor import page_elements, session
from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Score
from advisor.statements import decision, reasons
from advisor.why import all_clients, raw_figures, theme_list

ALL_CLIENTS, RAW = "all_clients", "raw_figures"


@st.fragment
def show_more(words: Words, service: PinnedService, score: Score) -> None:
    """Show the importance for all clients and the raw figures, each when it is opened."""
    with st.expander(words("importance_title"), on_change="rerun", key=ALL_CLIENTS) as opened:
        if opened.open:
            all_clients.show(words, service.importance(), all_clients.shares(score))
    with st.expander(words("raw_title"), on_change="rerun", key=RAW) as opened:
        if opened.open:
            raw_figures.show(words, score)


def show() -> None:
    """Show the page."""
    words, service, client = session.words(), session.service(), session.chosen_client()
    top = st.container()
    compare = reasons.choose_peers(words)
    most = reasons.MOST_REASONS
    score = service.score({"client": client}, reasons=most, compare=compare, strengths=most)
    with top:
        title = words(f"why_{decision.kind(score)}")
        st.title(words("why_title", why=title, client=page_elements.plain_id(client)))
        decision.show_small(words, score)
    reasons.show_protected(words, score)
    theme_list.show(words, score, service.feature_by_name)
    for note in (words("effect_rule"), *reasons.notes(words, score)):
        page_elements.paragraph(note)
    show_more(words, service, score)


show()
