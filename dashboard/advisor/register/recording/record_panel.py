"""The part of a page that records a decision: the advisor follows the service or overrides it."""

import streamlit as st

from advisor import address, page_elements, session
from advisor.formatting.formats import Words
from advisor.pages import page_file
from advisor.register import presence, reason_codes
from advisor.register.held_reads import held, reads
from advisor.register.moments import moment
from advisor.register.reason_codes import override_reasons, reason_text
from advisor.register.recording.recording import (
    IN_DOUBT,
    LETTER_OF,
    Choice,
    Decided,
    Recording,
    forget_recording,
    recording_of,
)
from advisor.register.register_api import RegisterApi
from advisor.service_client.errors import DashboardError, ReviewedMeanwhile, WrongReasonCodes
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Application, Score
from advisor.statements import decision

NOTE_HEIGHT = 80  # pixels
LONGEST_NOTE = 4000  # characters, the service's own limit
LONGEST_REFERENCE = 64
FIELDS = ("choice", "reason", "note", "reference")


def show(words: Words, service: PinnedService, application: Application, score: Score) -> None:
    """Show the part if the service has a register; only it runs again after an input."""
    if presence.state() is not None:
        st.subheader(words("record_title"))
        show_recording(words, recording_of(service, application, score))


@st.fragment
def show_recording(words: Words, recording: Recording) -> None:
    """Show the form, or the recorded decision; a failure of the last attempt in either case."""
    if recording.recorded is None:
        if presence.state() == "away":
            st.warning(words("register_away_now"))
        show_failed_recording(words, recording)
        show_form(words, recording)
        return
    if recording.is_other:
        show_other_decision(words, recording)
    else:
        show_recorded(words, recording)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(words("open_letter"), key=control_key(recording, "letter"), type="primary"):
            st.session_state[LETTER_OF] = recording.recorded["id"]
            st.switch_page(page_file("letter"), query_params=address.query(changes={}))
        address.link("history", words("open_history"), key="recorded_history")
    if recording.files != session.service().files:
        key = control_key(recording, "anew")
        st.markdown(words("recorded_of_other_files"))
        if st.button(words("record_anew"), key=key):
            forget_recording(recording)
            st.rerun()


def control_key(recording: Recording, name: str) -> str:
    """The key of a control of the form."""
    return f"record_{recording.key}_{name}"


def show_form(words: Words, recording: Recording) -> None:
    """Show the choice, and the fields that it needs."""
    refused = bool(recording.shown["prediction"])
    decided = ("refuse", "accept") if refused else ("accept", "refuse")
    st.markdown(words("record_intro"))
    options: tuple[Choice, Choice] = ("follow", "override")
    key = control_key(recording, "choice")
    session.keep_choice(words, key)
    labels = {each: words(f"{each}_{then}") for each, then in zip(options, decided, strict=True)}
    choice = st.radio(
        words("your_decision"),
        options,
        index=None,
        format_func=labels.__getitem__,
        key=key,
        horizontal=True,
        persist_state="session",
    )
    if choice is None:
        return
    show_earlier_decision(words, recording)
    try:
        reasons = override_reasons() if choice == "override" else ()
    except WrongReasonCodes as error:
        page_elements.failure(words, error, words("way_wrong_reason_codes", detail=error.detail))
        return
    if reasons:
        reason_codes.choose(words, control_key(recording, "reason"), reasons)
    with st.form(control_key(recording, "form")):
        show_fields(words, recording, "note_required" if reasons else "note_optional")
        st.form_submit_button(words("record"), type="primary", on_click=send, args=(recording,))


def show_earlier_decision(words: Words, recording: Recording) -> None:
    """Say that the client has a recorded decision; nothing if the register does not tell.

    Only now is the register read: it notes each read, and most advisors record nothing.
    """
    client = recording.application.get("client")
    if client is None or recording.decided is not None:  # after an attempt, the advisor knows
        return
    register = RegisterApi(session.service().connection)
    try:
        found = held(("earlier", client), lambda: register.decisions(None, client=client))
    except DashboardError:  # such as a key that may not read
        return
    for last in found["decisions"][:1]:
        decided = words("refused" if last["final"] else "accepted")
        st.info(words("recorded_before", at=moment(last["at"]), decision=decided))


def show_fields(words: Words, recording: Recording, note_label: str) -> None:
    """Show the field of the note, and that of a new application's number."""
    st.text_area(
        words(note_label),
        key=control_key(recording, "note"),
        max_chars=LONGEST_NOTE,
        height=NOTE_HEIGHT,
        persist_state="session",
    )
    if "client" not in recording.application:
        st.text_input(
            words("reference"),
            key=control_key(recording, "reference"),
            max_chars=LONGEST_REFERENCE,
            disabled=recording.body is not None,  # it may be recorded with this number already
            persist_state="session",
        )


def send(recording: Recording) -> None:
    """Send the form, before the page runs again; a second click finds the recorded decision."""
    choice, *texts = (st.session_state.get(control_key(recording, name)) for name in FIELDS)
    reason, note, reference = ((text or "").strip() for text in texts)
    recording.is_incomplete = choice == "override" and not (reason and note)
    if choice is not None and not recording.is_incomplete:
        reason = reason if choice == "override" else ""
        send_parts(recording, Decided(choice, reason, note, reference))


def send_parts(recording: Recording, decided: Decided) -> None:
    """Send the parts that are missing in the register, and let it be read again."""
    register, held = RegisterApi(session.service().connection), reads()
    recording.send(register, decided)
    held.clear()


def show_failed_recording(words: Words, recording: Recording) -> None:
    """Show why the last attempt recorded nothing, or that it is not known whether it did."""
    if recording.is_incomplete:
        st.error(words("reason_and_note"))
    elif error := recording.error:
        way = words(f"way_{error.key}", detail=error.detail)
        nothing = f"{words('nothing_recorded')} {way}"
        in_doubt = words("decision_in_doubt")
        page_elements.failure(words, error, in_doubt if isinstance(error, IN_DOUBT) else nothing)


def show_recorded(words: Words, recording: Recording) -> None:
    """Show the recorded parts, and a button that sends a missing one again."""
    recorded, decided = recording.recorded, recording.decided
    if recorded is None or decided is None:
        return
    verdicts = [words("refused" if final else "accepted") for final in (0, 1)]
    facts = {"id": recorded["id"], "at": moment(recorded["at"])}
    sentence = words("recorded_decision", **facts, decision=verdicts[recorded["prediction"]])
    final = verdicts[recording.final]
    reason = reason_text(words, decided.reason)
    if not recording.lacks_review:
        if decided.choice == "override":
            sentence += " " + words("recorded_override", decision=final, reason=reason)
        elif decided.note:
            sentence += " " + words("recorded_note")
        st.success(page_elements.plain(sentence))
        return
    missing = words(f"missing_{decided.choice}", decision=final, reason=reason)
    st.warning(page_elements.plain(f"{sentence} {missing}"))
    if error := recording.error:
        way = words(f"way_{error.key}", detail=error.detail)
        in_doubt = words("part_in_doubt")
        page_elements.failure(words, error, in_doubt if isinstance(error, IN_DOUBT) else way)
        if isinstance(error, ReviewedMeanwhile):
            return
    st.button(
        words(f"again_{decided.choice}"),
        key=control_key(recording, "again"),
        on_click=send_parts,
        args=(recording, decided),
    )


def show_other_decision(words: Words, recording: Recording) -> None:
    """Show that the recorded decision is not the one on the page, and that no review was sent."""
    if recorded := recording.recorded:
        st.warning(
            page_elements.plain(
                words(
                    "recorded_other",
                    id=recorded["id"],
                    at=moment(recorded["at"]),
                    decision=words("refused" if recorded["prediction"] else "accepted"),
                    score=decision.risk_texts(
                        words, recorded["threshold"], recorded["probability"]
                    )[0],
                    model=recorded["model"],
                )
            )
        )
