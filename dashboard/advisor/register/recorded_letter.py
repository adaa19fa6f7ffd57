"""The letter about a recorded decision, as the register writes it."""

import re

import streamlit as st

from advisor import page_elements, session
from advisor.errors import DashboardError, DataErased, LetterHeld
from advisor.formats import Words
from advisor.register import presence
from advisor.register.held_reads import held
from advisor.register.history.decision_list import listed, name, verdict
from advisor.register.register_api import RegisterApi
from advisor.register.response_models import DecisionSummary
from advisor.response_models import ClientId
from advisor.texts import LANGUAGES

CLIENT_PAGE, HISTORY_PAGE = "views/client.py", "views/history.py"
LETTER_OF, LANGUAGE = "letter_of", "letter_language"
HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
# The frame has the page's origin, so that the page can print it: no script may run in it.
NO_SCRIPTS = (
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)
BUTTON = (
    "font:inherit;font-size:.875rem;color:inherit;background:#fff;border:1px solid #6b7684;"
    "border-radius:.5rem;padding:.25rem .75rem;min-height:2.5rem;cursor:pointer"
)
HEIGHT = 1100  # pixels; a script of the page sets it to the letter's own
SCRIPT = """<script>
if (!window.lettersFitted) {
    const frames = () => document.querySelectorAll("[data-testid=stIFrame]")
    const fit = () => frames().forEach(frame => {
        const root = frame.contentDocument?.documentElement
        if (root) frame.style.height = `${root.scrollHeight + 8}px`
    })
    document.addEventListener("load", fit, true)
    window.addEventListener("resize", fit)
    document.addEventListener("click", event => {
        if (event.target.closest?.("#print-letter"))
            frames().forEach(frame => frame.contentWindow.print())
    })
    window.lettersFitted = fit
}
window.lettersFitted()
</script>"""


def show(words: Words, client: ClientId) -> bool:
    """Show the letter about a client's decision; true if the register has a decision.

    A failure of the register is shown, and the rest of the page follows.
    """
    if presence.state() is None:
        return False
    register = RegisterApi(session.service().connection)
    try:
        decisions, _ = listed(register, {"client": client})
        if not decisions:
            st.info(words("letter_needs_decision"))
            st.page_link(CLIENT_PAGE, label=words("record_title"))
            return False
        show_letter(words, register, decisions)
    except DashboardError as error:
        page_elements.failure(words, error, words(f"way_{error.key}", detail=error.detail))
        return isinstance(error, DataErased)
    return True


def show_letter(words: Words, register: RegisterApi, decisions: list[DecisionSummary]) -> None:
    """Show the choice of a decision and a language, and the letter."""
    names = {each["id"]: name(number, each) for number, each in enumerate(decisions, 1)}
    if st.session_state.get(LETTER_OF) not in names:
        st.session_state[LETTER_OF] = decisions[0]["id"]
    session.keep_choice(words, LETTER_OF)
    chosen = st.selectbox(
        words("letter_of"),
        list(names),
        format_func=names.__getitem__,
        key=LETTER_OF,
        persist_state="session",
    )
    language = st.radio(
        words("letter_in"),
        list(LANGUAGES),
        index=list(LANGUAGES).index(words.language),
        format_func=LANGUAGES.__getitem__,
        key=LANGUAGE,
        horizontal=True,
        persist_state="session",
    )
    decision = next(each for each in decisions if each["id"] == chosen)
    st.markdown(words("letter_decision", decision=verdict(words, decision["final"])))
    key = ("letter", chosen, language)
    try:
        html = held(key, lambda: register.letter(chosen, language))
    except LetterHeld as error:
        page_elements.failure(words, error, words("way_letter_held"))
        st.page_link(HISTORY_PAGE, label=words("open_history"))
        return
    with st.container(horizontal=True):
        st.download_button(
            words("download"),
            html,
            file_name=f"letter-{chosen}-{language}.html",
            mime="text/html",
            on_click="ignore",
        )
        st.html(
            f'<button id="print-letter" type="button" style="{BUTTON}">{words("print")}</button>'
            + SCRIPT,
            width="content",
            unsafe_allow_javascript=True,
        )
    st.iframe(without_scripts(html), height=HEIGHT, alt=words("letter_frame"))


def without_scripts(html: str) -> str:
    """An HTML document with a rule that keeps scripts and requests out."""
    if HEAD.search(html):
        return HEAD.sub(lambda head: head[0] + NO_SCRIPTS, html, count=1)
    return NO_SCRIPTS + html
