"""First page: the decision on a client, its reasons, and the changes that would help."""

import streamlit as st

from advisor import address, page_elements, session
from advisor.client import facts, helping_changes, key_facts, place
from advisor.formatting.formats import Words
from advisor.register import presence
from advisor.register.recording import record_panel
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Application, ClientId, Score
from advisor.statements import decision, reasons
from advisor.texts import LANGUAGES

MOST_TOLD = 3  # reasons of a refusal, strengths of an acceptance
MOST_BESIDE = 2  # of the other direction
DETAILS = "details"
TABS = ("place_title", "facts_title")


def show_reasons(words: Words, service: PinnedService, score: Score) -> None:
    """Show the reasons for the decision first, and the themes on the other side after them."""
    features, refused = service.feature_by_name, bool(score["prediction"])
    st.subheader(words(f"why_{decision.kind(score)}"))
    reasons.show_told(words, score, features, MOST_TOLD, strengths=not refused)
    reasons.show_protected(words, score)
    st.subheader(words("speaks_for" if refused else "speaks_against"))
    reasons.show_told(words, score, features, MOST_BESIDE, strengths=refused)
    with st.container(horizontal=True, vertical_alignment="center"):
        address.link("why", words("all_reasons"))
        page_elements.paragraph(words(f"typical_of_{score['compare']}"))


def keep_tab(words: Words) -> None:
    """Keep the open tab after a change of language: Streamlit knows it by its title."""
    opened = st.session_state.get(DETAILS)
    for tab in TABS:
        if opened in [Words(language)(tab) for language in LANGUAGES]:
            st.session_state[DETAILS] = words(tab)


@st.fragment
def show_details(words: Words, service: PinnedService, client: ClientId, score: Score) -> None:
    """Show the client's place among earlier clients, or all facts; only this part runs again."""
    keep_tab(words)
    place_tab, facts_tab = st.tabs([*map(words, TABS)], on_change="rerun", key=DETAILS)
    if place_tab.open:
        with place_tab:
            place.show(words, score)
    if facts_tab.open:
        with facts_tab:
            features = service.feature_by_name.values()
            facts.show(words, service.record(client), features)


def show() -> None:
    """Show the page; the search for changes, which takes longest, comes last."""
    words, service, client = session.words(), session.service(), session.chosen_client()
    application: Application = {"client": client}
    score = service.score(
        application,
        reasons=reasons.MOST_IN_WORDS,
        compare=reasons.chosen_peers(),
        strengths=MOST_TOLD,
    )
    st.title(words("client_title", client=page_elements.plain_id(client)))
    decision.show(words, service, score)
    key_facts.show(words, service, service.record(client))
    with st.container(key="stacking_first_page"):
        left, right = st.columns(2, gap="large")
    with left:
        show_reasons(words, service, score)
    with right:
        st.subheader(words("would_help" if score["prediction"] else "could_turn"))
        changes = st.container()
        record_panel.show(words, service, application, score)
    show_details(words, service, client, score)
    if presence.state() is not None:
        address.link("history", words("history_link"))
    with changes:
        helping_changes.show(words, service, client, score)


show()
