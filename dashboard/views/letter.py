"""A letter: the decision and its reasons as text, a draft."""

import datetime

import streamlit as st

from advisor import parts, state
from advisor.answers import Score
from advisor.desk import Desk
from advisor.formats import Words


def letter(words: Words, desk: Desk, client: int, score: Score, today: datetime.date) -> str:
    """The text: what was decided, why, by which model and when."""
    refused = bool(score["prediction"])
    lines = [
        words("letter_draft"),
        words("letter_head", client=str(client), date=today.isoformat()),
        words("letter_refused" if refused else "letter_accepted"),
        parts.verdict(words, desk, score) + ".",
    ]
    if refused and score["reasons"]:
        reasons = "\n".join(
            f"{number}. {reason['text']}." for number, reason in enumerate(score["reasons"], 1)
        )
        lines.append(words("letter_reasons") + "\n" + reasons)
    compared = words(f"compare_{score['compare']}")
    lines.append(words("letter_compared", compared=compared))
    lines.append(words("letter_review"))
    lines.append(words("letter_model", model=score["model"], date=today.isoformat()))
    return "\n\n".join(lines) + "\n"


def show() -> None:
    """The page."""
    words, desk, client = state.words(), state.desk(), state.chosen_client()
    st.title(words("letter_title", client=str(client)))
    st.warning(words("letter_warning"))
    if state.labels_language() != words.language:
        st.info(words("letter_language", labels=state.labels_language()))
    score = desk.score({"client": client})
    today = datetime.datetime.now(datetime.UTC).date()
    text = letter(words, desk, client, score, today)
    st.code(text, language=None, wrap_lines=True)
    st.download_button(
        words("download"),
        text,
        file_name=f"letter-{client}-{today.isoformat()}.txt",
        mime="text/plain",
        on_click="ignore",
    )


show()
