"""The timeline of a decision: decision, requests, reviews and outcomes, the oldest first."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.register.history.decision_list import risk_score, verdict
from advisor.register.moments import moment
from advisor.register.reason_codes import reason_text
from advisor.register.response_models import StoredDecision


@dataclass(frozen=True)
class Event:
    """One event of a decision.

    Attributes:
        at: its time, by which events are sorted; an outcome has only a day.
        shown: its time as pages write it.
        title: the event in words.
        details: its circumstances.
        said: a person's own words; empty for none.
    """

    at: str
    shown: str
    title: str
    details: str
    said: str = ""

    def html(self) -> str:
        """An item of a list."""
        said = page_elements.quotation(self.said) if self.said else ""
        return (
            f"<li>{written(self.shown)}<br><strong>{written(self.title)}</strong>"
            f"<br>{written(self.details)}{said}</li>"
        )


def written(text: str) -> str:
    """A text as HTML."""
    return escape(text, quote=False)


def show(words: Words, decision: StoredDecision) -> None:
    """Show the timeline."""
    items = "".join(event.html() for event in events(words, decision))
    st.subheader(words("timeline"))
    st.html(f'<ol style="margin:0;padding-left:1.5rem;display:grid;gap:.75rem">{items}</ol>')


def events(words: Words, decision: StoredDecision) -> list[Event]:
    """The events of a decision, the oldest first."""
    found = [decided(words, decision)]
    for request in decision["review_requests"]:
        title, by = words("event_requested"), words("event_by", caller=request["caller"])
        said = request["statement"] or ""
        details = by if said else f"{words('no_statement')} · {by}"
        found.append(Event(request["at"], moment(request["at"]), title, details, said))
    for review in decision["reviewed"]:
        title = words("event_reviewed", decision=verdict(words, review["decision"]))
        reason = words("event_reason", reason=reason_text(words, review["reason"]))
        details = f"{reason} · {words('event_by', caller=review['reviewer'])}"
        shown = moment(review["at"])
        found.append(Event(review["at"], shown, title, details, review["comment"] or ""))
    for outcome in decision["outcomes"]:
        title = words("event_outcome", status=words(f"outcome_{outcome['status']}"))
        day = outcome["observed"]
        found.append(Event(day, day, title, words("event_definition", text=outcome["definition"])))
    return sorted(found, key=lambda event: event.at)


def decided(words: Words, decision: StoredDecision) -> Event:
    """The decision of the model."""
    title = words("event_decided", decision=verdict(words, decision["prediction"]))
    score = words("risk_score_of", score=risk_score(words, decision))
    details = f"{score} · {words('event_by', caller=decision['caller'])}"
    return Event(decision["at"], moment(decision["at"]), title, details)
