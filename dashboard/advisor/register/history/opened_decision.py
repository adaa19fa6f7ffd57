"""One decision of the register: the decision, its timeline, its reasons as told, its figures."""

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.register.history import timeline
from advisor.register.history.decision_list import risk_score, verdict
from advisor.register.moments import moment
from advisor.register.response_models import Evidence, StoredDecision
from advisor.statements.reasons import protected_flag


def show(words: Words, decision: StoredDecision) -> None:
    """Show a decision."""
    st.header(words("decision_of", at=moment(decision["at"])))
    st.markdown(page_elements.plain(sentence(words, decision)))
    page_elements.facts(figures(words, decision))
    timeline.show(words, decision)
    show_evidence(words, decision["evidence"])


def sentence(words: Words, decision: StoredDecision) -> str:
    """The model's decision and the person's, in a sentence."""
    decided, final = (verdict(words, decision[name]) for name in ("prediction", "final"))
    if decision["reviews"]:
        found = words("decided_reviewed", decided=decided, final=final)
    elif decision["automated"]:
        found = words("decided_automated", decided=decided)
    else:
        found = words("decided_followed", decided=decided)
    return f"{found} {words('review_waits')}" if decision["review_requested"] else found


def figures(words: Words, decision: StoredDecision) -> list[tuple[str, str]]:
    """The figures of a decision, each with its name."""
    limit = risk_score(words, decision, "threshold")
    rows = [(words("column_score"), risk_score(words, decision)), (words("risk_limit"), limit)]
    if (pd := decision["pd"]) is not None:
        rows.append((words("expected"), words.percent(pd, 1)))
    if (points := decision["points"]) is not None:
        rows.append((words("points"), words.number(points)))
    if (grade := decision["grade"]) is not None:
        rows.append((words("grade"), grade))
    if evidence := decision["evidence"]:
        named = ("client", evidence["client"]), ("reference", evidence["reference"])
        rows += [(words(key), str(value)) for key, value in named if value is not None]
    rows.append((words("recorded_by"), decision["caller"]))
    rows.append((words("decision_id"), decision["id"]))
    return [*rows, (words("column_model"), decision["model"])]


def show_evidence(words: Words, evidence: Evidence | None) -> None:
    """Show the reasons as they were told, or that the client's data were erased."""
    if evidence is None:
        st.info(words("erased"))
        return
    st.subheader(words("reasons_told"))
    if reasons := evidence["answer"].get("reasons") or []:
        page_elements.numbered_list(
            (reason["text"], protected_flag(words, reason)) for reason in reasons
        )
    else:
        st.markdown(words("no_reasons_told"))
