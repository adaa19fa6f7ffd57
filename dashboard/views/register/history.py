"""Page of the register: recorded decisions, their reviews, and the requests for one."""

import streamlit as st

from advisor import session
from advisor.register.held_reads import held
from advisor.register.history import decision_list, next_case, opened_decision, review_forms
from advisor.register.register_api import RegisterApi


def show() -> None:
    """Show the page."""
    words = session.words()
    register = RegisterApi(session.service().connection)
    st.title(words("history_title"))
    chosen = decision_list.choose(words, register)
    review_forms.tell_recorded(words, chosen)
    if chosen is None:
        return
    next_case.show(words, register, chosen)
    decision = held(("decision", chosen), lambda: register.decision(chosen))
    with st.container(key="stacking_history"):
        left, right = st.columns([3, 2], gap="large")
    with left:
        opened_decision.show(words, decision)
    with right:
        review_forms.show(words, decision)


show()
