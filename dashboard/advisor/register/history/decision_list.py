"""A list of decisions, newest first, and the choice of one."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

import streamlit as st

from advisor import form_controls, page_elements, session
from advisor.formatting.formats import Words
from advisor.register.held_reads import forget, held
from advisor.register.moments import moment
from advisor.register.register_api import DECISIONS_A_PAGE, RegisterApi
from advisor.register.response_models import DecisionSummary
from advisor.service_client.response_models import ClientId
from advisor.statements import decision as decision_figures

OPENED = "opened_decision"
PAGES = "decision_pages"  # that the session shows, by the list's parameters
MOST_REQUESTS = 10  # for one full page
HASH_LENGTH = 8  # of a model's hash in a table
WAY, DECISION = "find_by", "find_decision"
Figure = Literal["probability", "threshold"]  # the risk score, or its limit
WAYS = ("client", "reference", "requested", "decision")


def choose(words: Words, register: RegisterApi) -> str | None:
    """Show the ways to find decisions, the list and its choice; the id of the chosen decision."""
    wanted = choose_way(words)
    if not wanted:
        return None
    if "decision" in wanted:
        return str(wanted["decision"])
    st.button(words("read_again"), on_click=forget)
    key = tuple(wanted.items())
    decisions, cursor = listed(register, wanted, st.session_state.get(PAGES, {}).get(key, 1))
    if not decisions and cursor is None:
        st.info(words("no_decisions"))
        return None
    head = [words(f"column_{name}") for name in ("at", "decided", "final", "score", "reviews")]
    head += [words("column_outcome"), words("column_model")]
    rows = [row(words, at, decision) for at, decision in enumerate(decisions, 1)]
    if rows:
        page_elements.table(words("decisions_table"), head, rows)
    if cursor is not None:
        st.button(words("older"), on_click=show_more, args=(key,))
    return choose_decision(words, decisions)


def choose_way(words: Words) -> dict[str, Any]:
    """Show the ways to find decisions; the parameters of the list, empty if one is missing."""
    texts = {way: words(f"find_by_{way}") for way in WAYS}
    way = form_controls.choose(words, words("find_by"), texts, WAY)
    if way == "requested":
        return {"requested": "true"}
    if way == "client":
        client: ClientId = session.chosen_client()
        return {"client": client}
    if way == "decision":
        given = st.text_input(words("decision_id"), key=DECISION, persist_state="session")
        return {"decision": given.strip()} if given and given.strip() else {}
    typed = st.text_input(words("reference"), key="find_reference", persist_state="session")
    return {"reference": typed.strip()} if typed and typed.strip() else {}


def look_for(decision: str) -> None:
    """Let the page open one decision when it is shown next."""
    st.session_state[WAY] = "decision"
    st.session_state[DECISION] = decision


def listed(
    register: RegisterApi, wanted: Mapping[str, Any], pages: int = 1
) -> tuple[list[DecisionSummary], str | None]:
    """The newest decisions, and the cursor of older ones; None if there are no others.

    A page of the service may have few decisions or none though others follow it.

    Args:
        register: the register.
        wanted: parameters of the list.
        pages: the number of full pages to read.
    """
    decisions: list[DecisionSummary] = []
    cursor: str | None = None
    for _ in range(pages * MOST_REQUESTS):
        fetch = partial(register.decisions, cursor, **wanted)
        page = held(("list", *wanted.items(), cursor), fetch)
        decisions += page["decisions"]
        cursor = page["next"]
        if cursor is None or len(decisions) >= pages * DECISIONS_A_PAGE:
            break
    return decisions, cursor


def show_more(key: tuple[tuple[str, Any], ...]) -> None:
    """Let the list have another page."""
    pages = st.session_state.setdefault(PAGES, {})
    pages[key] = pages.get(key, 1) + 1


def row(words: Words, number: int, decision: DecisionSummary) -> Sequence[str]:
    """A decision's row."""
    waits = words("waits") if decision["review_requested"] else ""
    outcome = decision["outcome"]
    return (
        name(number, decision),
        verdict(words, decision["prediction"]),
        verdict(words, decision["final"]),
        risk_score(words, decision),
        " ".join(filter(None, [words.number(decision["reviews"]), waits])),
        words(f"outcome_{outcome}") if outcome else "",
        decision["model"][:HASH_LENGTH],
    )


def name(number: int, decision: DecisionSummary) -> str:
    """A decision's number in the list and its time; no two are equal."""
    return f"{number}. {moment(decision['at'])}"


def risk_score(words: Words, decision: DecisionSummary, figure: Figure = "probability") -> str:
    """The risk score of a decision, or its limit, with the digits of all pages."""
    own, limit = decision_figures.risk_texts(words, decision["threshold"], decision["probability"])
    return own if figure == "probability" else limit


def verdict(words: Words, refused: int) -> str:
    """A decision in a word."""
    return words("refused" if refused else "accepted")


def choose_decision(words: Words, decisions: Sequence[DecisionSummary]) -> str | None:
    """Show the choice of a decision; a single one is chosen."""
    names = {each["id"]: name(number, each) for number, each in enumerate(decisions, 1)}
    if not names:
        return None
    if st.session_state.get(OPENED) not in names:
        st.session_state[OPENED] = decisions[0]["id"] if len(decisions) == 1 else None
    session.keep_choice(words, OPENED)
    chosen: str | None = st.selectbox(
        words("open_decision"),
        list(names),
        index=None,
        format_func=names.__getitem__,
        key=OPENED,
        placeholder=words("choose_decision"),
        persist_state="session",
        width=340,
    )
    return chosen
