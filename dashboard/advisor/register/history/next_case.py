"""The next case of the work list, beside a decision that was opened from it."""

from collections.abc import Sequence

import streamlit as st

from advisor.formatting.formats import Words
from advisor.register.history import case_filter, decision_list
from advisor.register.history.open_requests import open_requests
from advisor.register.register_api import RegisterApi
from advisor.register.response_models import DecisionSummary

IS_WORKING = "works_through_list"  # true once a case of the work list was opened


def begin(decision: str) -> None:
    """Open a case, and let the page of recorded decisions lead to the next one."""
    st.session_state[IS_WORKING] = True
    decision_list.look_for(decision)


def show(words: Words, register: RegisterApi, opened: str) -> None:
    """Show how many cases wait, and a button that opens the next one; nothing on other ways."""
    is_by_id = st.session_state.get(decision_list.WAY) == "decision"
    if not is_by_id or not st.session_state.get(IS_WORKING):
        return
    waiting = case_filter.chosen(open_requests(register)[0])
    following = after(waiting, opened)
    with st.container(horizontal=True, vertical_alignment="center"):
        if following is None:
            st.markdown(words("no_other_case"))
            return
        others = sum(each["id"] != opened for each in waiting)
        st.button(
            words("next_case"),
            on_click=decision_list.look_for,
            args=(following["id"],),
            type="primary",
        )
        st.markdown(words("cases_left", number=words.number(others)))


def after(waiting: Sequence[DecisionSummary], opened: str) -> DecisionSummary | None:
    """The case after the opened one, or else the first of the others; None without others."""
    names = [each["id"] for each in waiting]
    start = names.index(opened) + 1 if opened in names else 0
    ordered = [*waiting[start:], *waiting[:start]]
    return next((each for each in ordered if each["id"] != opened), None)
