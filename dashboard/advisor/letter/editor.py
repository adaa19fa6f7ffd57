"""The editor of a letter: its text, which the advisor may change, beside the paper."""

import datetime
import hashlib
import json
import re
from dataclasses import dataclass

import streamlit as st

from advisor import page_elements, paper, session
from advisor.formatting.formats import Words
from advisor.letter.draft import LetterWriter
from advisor.letter.sender import Sender
from advisor.register import presence
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Application, Score
from advisor.texts import Language

UNSAFE = re.compile(r"[^\w-]")  # in the name of a file
HEIGHT = 560  # pixels of the field


@dataclass(frozen=True)
class Begun:
    """The draft with which a field began, and its language."""

    text: str
    language: Language


def show(
    words: Words, service: PinnedService, application: Application, score: Score, *, key: str
) -> None:
    """Show the editor, or that the letter is held.

    Args:
        words: texts of the letter, too.
        service: the service that scored the application.
        application: a client's, one with changes (the letter is an offer), or a new one.
        score: with reasons.
        key: begins the keys of the controls.
    """
    sender = Sender.of_environment()
    writer = LetterWriter(words, service, application, score, sender.name)
    if writer.is_held:
        show_held(words, writer)
        return
    today = datetime.datetime.now(datetime.UTC).date()
    text = writer.text(today)
    if presence.state() is not None and not writer.changes:
        text = f"{words('letter_draft')}\n\n{text}"  # the register's letter is the one to send
    name = UNSAFE.sub("_", str(application.get("client", "application")))
    canonical = json.dumps(application, sort_keys=True).encode()
    digest = hashlib.sha256(canonical).hexdigest()[:16]
    file_name = f"letter-{name}-{today.isoformat()}.txt"
    show_editor(words, f"letter_{key}_{digest}", text, file_name, sender)


def show_held(words: Words, writer: LetterWriter) -> None:
    """Show why nothing of a letter may be printed, and what to do."""
    if found := writer.protected_reasons:
        st.error(page_elements.plain(words("letter_is_held", reasons=" · ".join(found))))
    else:
        labels = " · ".join(writer.protected_changes)
        st.error(page_elements.plain(words("letter_offer_is_held", labels=labels)))
    st.markdown(words("letter_held_way"))


@st.fragment
def show_editor(words: Words, key: str, draft: str, file_name: str, sender: Sender) -> None:
    """Show the field and the paper; only this part of the page runs again after an input.

    Args:
        words: texts.
        key: of the field in the session.
        draft: the text with which the field starts.
        file_name: of a download.
        sender: the head of the paper, which is not edited.
    """
    begun = st.session_state.get(begun_key(key))
    if begun is None or st.session_state.get(key, begun.text) == begun.text:
        begun = Begun(draft, words.language)
        begin(key, begun)
    st.markdown(words("letter_warning"))
    if session.labels_language() != words.language:
        st.info(words("letter_language", labels=session.labels_language()))
    with st.container(key="stacking_letter"):
        left, right = st.columns(2, gap="medium")
    with left:
        with st.container(key=paper.EDITOR):
            text = st.text_area(
                words("letter_text"), key=key, height=HEIGHT, persist_state="session"
            )
        if begun.text != draft:
            st.info(words("letter_own_text"))
        if text != draft:
            anew = words("letter_anew")
            fresh = Begun(draft, words.language)
            st.button(anew, key=f"{key}_anew", on_click=begin, args=(key, fresh))
    with right:
        with st.container(horizontal=True):
            paper.show_print_button(words)
            st.download_button(
                words("download_text"),
                sender.text + text,
                file_name=file_name,
                mime="text/plain",
                on_click="ignore",
                key=f"{key}_download",
            )
        paper.show(words, paper.document(text, begun.language, sender.html))


def begun_key(key: str) -> str:
    """The key in the session of the draft with which a field began."""
    return f"{key}_begun"


def begin(key: str, begun: Begun) -> None:
    """Put a draft into the field, in the place of any other text."""
    st.session_state[key], st.session_state[begun_key(key)] = begun.text, begun
