"""Page of the work list: open requests for a review, the oldest first."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from advisor import address, page_elements, session
from advisor.formatting.formats import Words
from advisor.monitoring import figures
from advisor.pages import page_file
from advisor.register.held_reads import forget
from advisor.register.history import case_filter, next_case
from advisor.register.history.decision_list import verdict
from advisor.register.history.open_requests import open_requests, requested_at
from advisor.register.moments import moment
from advisor.register.register_api import RegisterApi
from advisor.register.response_models import DecisionSummary

SHOWN = 50  # requests on the page at first, and with each "more"
PLACES, CHOSEN = "work_list_places", "work_list_chosen"
NO_GRADE = "\u2013"


def show() -> None:
    """Show the page."""
    words = session.words()
    st.title(words("page_work_list"))
    waiting, is_whole = open_requests(RegisterApi(session.service().connection))
    if not waiting:
        st.info(words("nothing_waits"))
        st.button(words("read_again"), on_click=forget)
        return
    now = datetime.now(UTC)
    show_count(words, waiting, is_whole, now)
    case_filter.show(words, waiting)
    cases = case_filter.chosen(waiting)
    if not cases:
        st.info(words("no_such_case"))
        return
    shown = cases[: st.session_state.setdefault(PLACES, SHOWN)]
    open_one(words, shown)
    show_list(words, shown, now)
    if len(cases) > len(shown):
        st.button(words("more_requests"), on_click=show_more)


def show_count(
    words: Words, waiting: Sequence[DecisionSummary], is_whole: bool, now: datetime
) -> None:
    """Show how many requests wait, and the longest wait."""
    longest = figures.hours(words, hours_since(waiting[0], now))
    key = "waiting_sentence" if is_whole else "waiting_at_least"
    sentence = words(key, number=words.number(len(waiting)), longest=longest)
    st.markdown(page_elements.plain(sentence))


def hours_since(decision: DecisionSummary, now: datetime) -> float:
    """The hours for which a request has waited."""
    return max(0.0, (now - requested_at(decision)).total_seconds() / 3600)


def show_list(words: Words, shown: Sequence[DecisionSummary], now: datetime) -> None:
    """Show a table of the requests, without any value of the clients."""
    rows = [
        (
            name(number, each),
            figures.hours(words, hours_since(each, now)),
            moment(each["at"]),
            verdict(words, each["prediction"]),
            verdict(words, each["final"]),
            each["grade"] or NO_GRADE,
            words.number(each["reviews"]),
            each["caller"],
        )
        for number, each in enumerate(shown, 1)
    ]
    keys = (
        "requested_on", "waits_for", "decided_on", "column_decided", "column_final", "grade",
        "column_reviews", "recorded_by",
    )  # fmt: skip
    page_elements.table(words("work_list_table"), list(map(words, keys)), rows)


def name(number: int, decision: DecisionSummary) -> str:
    """A request's number in the list and its time; no two are equal."""
    return f"{number}. {moment(requested_at(decision).isoformat())}"


def show_more() -> None:
    """Let the list have more requests."""
    st.session_state[PLACES] += SHOWN


def open_one(words: Words, shown: Sequence[DecisionSummary]) -> None:
    """Show the choice of a request, the oldest at first, and a button that opens its decision."""
    names = {each["id"]: name(number, each) for number, each in enumerate(shown, 1)}
    if st.session_state.get(CHOSEN) not in names:
        st.session_state[CHOSEN] = shown[0]["id"]
    session.keep_choice(words, CHOSEN)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            words("open_request"),
            list(names),
            format_func=names.__getitem__,
            key=CHOSEN,
            persist_state="session",
            width=340,
        )
        is_opened = st.button(words("to_review"), type="primary")
        st.button(words("read_again"), on_click=forget)
    if is_opened:
        next_case.begin(chosen)
        st.switch_page(page_file("history"), query_params=address.query())


show()
