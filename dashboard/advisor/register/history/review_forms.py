"""Two forms on a decision: a client's request for a review, and a person's review."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

import streamlit as st

from advisor import page_elements, session
from advisor.formatting.formats import Words
from advisor.register import reason_codes
from advisor.register.held_reads import reads
from advisor.register.reason_codes import CONFIRMED, override_reasons
from advisor.register.recording.recording import IN_DOUBT
from advisor.register.register_api import RegisterApi
from advisor.register.response_models import StoredDecision
from advisor.service_client.errors import DashboardError, WrongReasonCodes

LONGEST_TEXT = 4000  # characters, the service's own limit
FORMS = "review_forms"
Kind = Literal["request", "review"]


@dataclass
class Form:
    """A form on a decision, which is sent successfully once.

    Attributes:
        key: begins the keys of its controls.
        error: the failure of the last attempt.
        is_incomplete: true if the last attempt lacked a reason or a note.
        is_recorded: true after a successful attempt.
        is_told: true once a page has said so.
    """

    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    error: DashboardError | None = None
    is_incomplete: bool = False
    is_recorded: bool = False
    is_told: bool = False
    _lock: Lock = field(default_factory=Lock, repr=False)

    def send(self, request: Callable[[RegisterApi], None], register: RegisterApi) -> None:
        """Make the request unless it was successful; a failure is kept in `error`.

        Streamlit runs the second click of a double click in a thread of its own: it waits here.
        The thread of the first click ends at its next use of the session, so that this has none.
        """
        with self._lock:
            if self.is_recorded:
                return
            self.error = None
            try:
                request(register)
            except DashboardError as error:
                self.error = error
            else:
                self.is_recorded = True

    def control_key(self, name: str) -> str:
        """The key of a control."""
        return f"review_{self.key}_{name}"


Forms = dict[tuple[str, Kind], Form]  # by decision


def forms() -> Forms:
    """The forms of the session."""
    found: Forms = st.session_state.setdefault(FORMS, {})
    return found


def form_of(decision: StoredDecision, kind: Kind) -> Form:
    """The form of this kind on a decision."""
    return forms().setdefault((decision["id"], kind), Form())


def tell_recorded(words: Words, opened: str | None) -> None:
    """Show what was recorded on a decision that has left the list, once."""
    for (decision, kind), form in forms().items():
        if form.is_recorded and not form.is_told and decision != opened:
            form.is_told = True
            named = words("label_and_value", label=words("decision_id"), value=decision)
            st.success(f"{words(f'{kind}_recorded')} {named}")


def show(words: Words, decision: StoredDecision) -> None:
    """Show both forms, each as its heading and its fields or its success."""
    show_forms: dict[Kind, Callable[[Words, StoredDecision, Form], None]]
    show_forms = {"review": show_review, "request": show_request}
    for kind, show_form in show_forms.items():
        form = form_of(decision, kind)
        st.subheader(words(f"{kind}_title"))
        if form.is_recorded:
            form.is_told = True
            st.success(words(f"{kind}_recorded"))
            key = form.control_key("again")
            st.button(words(f"{kind}_again"), key=key, on_click=begin_again, args=(form,))
        else:
            show_failure(words, kind, form)
            show_form(words, decision, form)


def begin_again(form: Form) -> None:
    """Put an empty form in the place of one that was recorded."""
    for place in [place for place, found in forms().items() if found is form]:
        del forms()[place]


def show_failure(words: Words, kind: Kind, form: Form) -> None:
    """Show why the last attempt recorded nothing, or that it is not known whether it did."""
    if form.is_incomplete:
        st.error(words("reason_and_note"))
    elif error := form.error:
        way = words(f"way_{error.key}", detail=error.detail)
        in_doubt = words(f"{kind}_in_doubt")
        page_elements.failure(words, error, in_doubt if isinstance(error, IN_DOUBT) else way)


def show_request(words: Words, decision: StoredDecision, form: Form) -> None:
    """Show the form of a client's request for a review."""
    with st.form(form.control_key("request")):
        st.text_area(
            words("statement"),
            key=form.control_key("statement"),
            max_chars=LONGEST_TEXT,
            persist_state="session",
        )
        st.form_submit_button(
            words("record_request"), on_click=send_request, args=(decision["id"], form)
        )


def send_request(decision: str, form: Form) -> None:
    """Send a client's request, before the page runs again."""
    statement = entered(form, "statement")
    # The same words again are the same request, whose first answer may be lost.
    key = uuid.uuid5(uuid.UUID(form.key), statement).hex
    send(form, lambda register: register.request_review(decision, statement, key))


def entered(form: Form, name: str) -> str:
    """The text in a control."""
    return (st.session_state.get(form.control_key(name)) or "").strip()


def send(form: Form, request: Callable[[RegisterApi], None]) -> None:
    """Send a form, and let the register be read again."""
    register, held = RegisterApi(session.service().connection), reads()
    form.is_incomplete = False
    form.send(request, register)
    held.clear()


def show_review(words: Words, decision: StoredDecision, form: Form) -> None:
    """Show the choice of the final decision, and the fields that it needs."""
    key = form.control_key("final")
    session.keep_choice(words, key)
    final = st.radio(
        words("final_decision"),
        (0, 1),
        index=None,
        format_func=lambda refuse: words("to_refuse" if refuse else "to_accept"),
        key=key,
        horizontal=True,
        persist_state="session",
    )
    if final is None:
        return
    changes = final != decision["final"]
    try:
        reasons = override_reasons()
    except WrongReasonCodes as error:
        page_elements.failure(words, error, words("way_wrong_reason_codes", detail=error.detail))
        return
    reason = "change_reason" if changes else "same_reason"
    if changes:
        reason_codes.choose(words, form.control_key(reason), reasons)
    else:
        reason_codes.choose(words, form.control_key(reason), (CONFIRMED, *reasons), first=0)
    with st.form(form.control_key("review")):
        st.text_area(
            words("note_required" if changes else "note_optional"),
            key=form.control_key("comment"),
            max_chars=LONGEST_TEXT,
            persist_state="session",
        )
        st.form_submit_button(
            words("record_review"),
            type="primary",
            on_click=send_review,
            args=(decision, form, final, reason),
        )


def send_review(decision: StoredDecision, form: Form, final: int, reason_name: str) -> None:
    """Send a review, before the page runs again, unless a part is missing."""
    reason, comment = entered(form, reason_name), entered(form, "comment")
    form.is_incomplete = not reason or (final != decision["final"] and not comment)
    if not form.is_incomplete:
        identity, seen = decision["id"], decision["reviews"]
        send(form, lambda register: register.review(identity, seen, final, reason, comment))
