"""The filter of the work list: by the final decision and by the grade."""

from collections.abc import Sequence

import streamlit as st

from advisor import session
from advisor.formatting.formats import Words
from advisor.register.response_models import DecisionSummary

FINAL, GRADE = "cases_final", "cases_grade"
ALL = "all"
FINALS = {"refused": 1, "accepted": 0}


def show(words: Words, waiting: Sequence[DecisionSummary]) -> None:
    """Show the controls; grades only if some decision has one."""
    grades = sorted({each["grade"] for each in waiting if each["grade"]})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        session.keep_choice(words, FINAL)
        st.radio(
            words("column_final"),
            (ALL, *FINALS),
            format_func=lambda key: words("all_cases" if key == ALL else key),
            key=FINAL,
            horizontal=True,
            persist_state="session",
            width="content",
        )
        if grades:
            session.keep_choice(words, GRADE)
            if st.session_state.get(GRADE) not in (ALL, *grades):
                st.session_state[GRADE] = ALL
            st.selectbox(
                words("grade"),
                (ALL, *grades),
                format_func=lambda key: words("all_cases") if key == ALL else key,
                key=GRADE,
                persist_state="session",
                width=160,
            )


def chosen(waiting: Sequence[DecisionSummary]) -> list[DecisionSummary]:
    """The cases that pass the filter, in the same order."""
    final = FINALS.get(st.session_state.get(FINAL, ALL))
    grade = st.session_state.get(GRADE, ALL)
    return [
        each for each in waiting if final in (None, each["final"]) and grade in (ALL, each["grade"])
    ]
