"""The letter about a recorded decision, as the register writes it."""

from dataclasses import dataclass

import streamlit as st

from advisor import address, page_elements, paper, session
from advisor.formatting.formats import Words
from advisor.register import presence
from advisor.register.held_reads import held
from advisor.register.history.decision_list import listed, name, verdict
from advisor.register.moments import moment
from advisor.register.recording.recording import LETTER_OF, recorded_applications
from advisor.register.register_api import RegisterApi
from advisor.service_client.errors import DashboardError, DataErased, LetterHeld
from advisor.service_client.response_models import ClientId
from advisor.texts import LANGUAGES

LANGUAGE = "letter_language"


@dataclass(frozen=True)
class Recorded:
    """A recorded decision that has a letter.

    Attributes:
        name: in the choice of a decision.
        final: the final decision, 1 for a refusal.
    """

    name: str
    final: int


def show(words: Words, client: ClientId | None) -> bool:
    """Show the letter about a client's decision; true if the register has a decision.

    A failure of the register is shown, and the rest of the page follows.
    """
    if presence.state() is None:
        return False
    register = RegisterApi(session.service().connection)
    try:
        decisions = decisions_with_letters(words, register, client)
        if not decisions:
            st.info(words("letter_needs_decision"))
            address.link("client", words("record_title"), key="record")
            return False
        show_letter(words, register, decisions)
    except DashboardError as error:
        page_elements.failure(words, error, words(f"way_{error.key}", detail=error.detail))
        return isinstance(error, DataErased)
    return True


def decisions_with_letters(
    words: Words, register: RegisterApi, client: ClientId | None
) -> dict[str, Recorded]:
    """By id: the client's decisions, the newest first, and this session's on new applications."""
    decisions = [] if client is None else listed(register, {"client": client})[0]
    found = {
        each["id"]: Recorded(name(number, each), each["final"])
        for number, each in enumerate(decisions, 1)
    }
    for recording in recorded_applications():
        if (recorded := recording.recorded) is not None:
            number = recording.decided.reference if recording.decided else ""
            at = moment(recorded["at"])
            label = number or words("page_application")
            title = words("label_and_value", label=label, value=at)
            final = recorded["prediction"] if recording.lacks_review else recording.final
            found[recorded["id"]] = Recorded(title, final)
    return found


def show_letter(words: Words, register: RegisterApi, decisions: dict[str, Recorded]) -> None:
    """Show the choice of a decision and a language, and the letter."""
    if st.session_state.get(LETTER_OF) not in decisions:
        st.session_state[LETTER_OF] = next(iter(decisions))
    session.keep_choice(words, LETTER_OF)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            words("letter_of"),
            list(decisions),
            format_func=lambda decision: decisions[decision].name,
            key=LETTER_OF,
            persist_state="session",
            width=320,
        )
        language = st.radio(
            words("letter_in"),
            list(LANGUAGES),
            index=list(LANGUAGES).index(words.language),
            format_func=LANGUAGES.__getitem__,
            key=LANGUAGE,
            horizontal=True,
            persist_state="session",
            width="content",
        )
    st.markdown(words("letter_decision", decision=verdict(words, decisions[chosen].final)))
    try:
        html = held(("letter", chosen, language), lambda: register.letter(chosen, language))
    except LetterHeld as error:
        page_elements.failure(words, error, words("way_letter_held"))
        address.link("history", words("open_history"), key="held_letter")
        return
    with st.container(horizontal=True):
        paper.show_print_button(words)
        st.download_button(
            words("download"),
            html,
            file_name=f"letter-{chosen}-{language}.html",
            mime="text/html",
            on_click="ignore",
        )
    paper.show(words, html)
