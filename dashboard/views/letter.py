"""Page of a letter: the register's letter about a recorded decision, or a draft to edit."""

import streamlit as st

from advisor import address, form_controls, page_elements, session
from advisor.formatting.formats import Words
from advisor.letter import editor
from advisor.register import recorded_letter
from advisor.register.recording.recording import recorded_applications
from advisor.service_client.response_models import Application
from advisor.statements import reasons

ABOUT = "letter_about"


def show() -> None:
    """Show the page."""
    words, service = session.words(), session.service()
    if st.session_state.get(session.CLIENT) is None and recorded_applications():
        st.title(words("page_letter"))
        recorded_letter.show(words, None)
        return
    client = session.chosen_client()
    st.title(words("letter_title", client=page_elements.plain_id(client)))
    changes = address.changes(service.feature_by_name)
    application: Application = {"client": client}
    if changes and is_about_offer(words):
        application["changes"] = changes
    elif recorded_letter.show(words, client):
        return
    score = service.score(application, reasons.MOST_IN_WORDS, reasons.chosen_peers())
    editor.show(words, service, application, score, key="page")


def is_about_offer(words: Words) -> bool:
    """Show the choice between the decision and the offer with the changes of the address."""
    texts = {about: words(f"letter_about_{about}") for about in ("offer", "decision")}
    return form_controls.choose(words, words("letter_about"), texts, ABOUT) == "offer"


show()
