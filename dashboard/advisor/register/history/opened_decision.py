"""One decision of the register: figures, reasons as they were told, requests, reviews, outcomes."""

import streamlit as st

from advisor import page_elements
from advisor.formats import Words
from advisor.register.history.decision_list import verdict
from advisor.register.moments import moment
from advisor.register.reason_codes import reason_text
from advisor.register.response_models import Evidence, StoredDecision

NO_TEXT = "\u2013"


def show(words: Words, decision: StoredDecision) -> None:
    """Show a decision."""
    st.header(words("decision_of", at=moment(decision["at"])))
    st.markdown(page_elements.plain(sentence(words, decision)))
    page_elements.table(
        words("figures"), [words("figure"), words("value")], figures(words, decision)
    )
    show_evidence(words, decision["evidence"])
    for request in decision["review_requests"]:
        at, said = moment(request["at"]), request["statement"] or words("no_statement")
        st.markdown(page_elements.plain(words("requested", at=at, caller=request["caller"])))
        page_elements.quotation(said)
    if decision["reviewed"]:
        show_reviews(words, decision)
    if decision["outcomes"]:
        show_outcomes(words, decision)


def sentence(words: Words, decision: StoredDecision) -> str:
    """The service's decision and the person's, in a sentence."""
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
    rows = [
        (words("probability"), words.number(decision["probability"], 4)),
        (words("threshold"), words.number(decision["threshold"], 4)),
    ]
    if (pd := decision["pd"]) is not None:
        rows.append((words("expected_defaults"), words.percent(pd, 1)))
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
    reasons = evidence["answer"].get("reasons") or []
    if reasons:
        st.subheader(words("reasons_told"))
        page_elements.numbered_list(
            (reason["text"], words("reason_protected") if reason["protected"] else "")
            for reason in reasons
        )
    else:
        st.markdown(words("no_reasons_told"))


def show_reviews(words: Words, decision: StoredDecision) -> None:
    """Show a table of the reviews, the oldest first."""
    rows = [
        (
            moment(review["at"]),
            verdict(words, review["decision"]),
            reason_text(words, review["reason"]),
            review["comment"] or NO_TEXT,
            review["reviewer"],
        )
        for review in decision["reviewed"]
    ]
    head = [words(key) for key in ("column_at", "decision", "reason", "comment", "recorded_by")]
    page_elements.table(words("reviews_table"), head, rows)


def show_outcomes(words: Words, decision: StoredDecision) -> None:
    """Show a table of the outcomes, the oldest first."""
    rows = [
        (each["observed"], words(f"outcome_{each['status']}"), each["definition"])
        for each in decision["outcomes"]
    ]
    head = [words(key) for key in ("observed_on", "column_outcome", "definition")]
    page_elements.table(words("outcomes_table"), head, rows)
