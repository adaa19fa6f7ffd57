"""Page of the register: recorded decisions, their reviews, and the requests for one."""

import streamlit as st

from advisor import session
from advisor.register.held_reads import held
from advisor.register.history import decision_list, opened_decision, review_forms
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
    decision = held(("decision", chosen), lambda: register.decision(chosen))
    opened_decision.show(words, decision)
    review_forms.show(words, decision)


show()
