"""Page of a letter: a draft that states the decision and its reasons."""

import datetime
import re

import streamlit as st

from advisor import decision, page_elements, session
from advisor.formats import Words
from advisor.pinned_service import PinnedService
from advisor.register import recorded_letter
from advisor.response_models import ClientId, Score

UNSAFE = re.compile(r"[^\w-]")  # in the name of a file


def letter(words: Words, service: PinnedService, client: ClientId, score: Score, date: str) -> str:
    """The letter's text: decision, reasons, rights, model and date."""
    refused = bool(score["prediction"])
    paragraphs = [
        words("letter_draft"),
        words("letter_head", client=str(client), date=date),
        words("letter_refused" if refused else "letter_accepted"),
        decision.verdict(words, service, score) + ".",
    ]
    if refused and score["reasons"]:
        numbered = (f"{at}. {reason['text']}." for at, reason in enumerate(score["reasons"], 1))
        paragraphs.append("\n".join([words("letter_reasons"), *numbered]))
    compared = words(f"compare_{score['compare']}")
    paragraphs += [
        words("letter_compared", compared=compared),
        words("letter_review"),
        words("letter_model", model=score["model"], date=date),
    ]
    return "\n\n".join(paragraphs) + "\n"


def show() -> None:
    """Show the page."""
    words, service, client = session.words(), session.service(), session.chosen_client()
    st.title(words("letter_title", client=page_elements.plain_id(client)))
    if recorded_letter.show(words, client):
        return
    st.warning(words("letter_warning"))
    if session.labels_language() != words.language:
        st.info(words("letter_language", labels=session.labels_language()))
    score = service.score({"client": client})
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    text = letter(words, service, client, score, date)
    st.code(text, language=None, wrap_lines=True)
    st.download_button(
        words("download"),
        text,
        file_name=f"letter-{UNSAFE.sub('_', str(client))}-{date}.txt",
        mime="text/plain",
        on_click="ignore",
    )


show()
