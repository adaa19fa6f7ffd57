"""The population stability of new clients against the reference clients."""

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.service_client.response_models import PsiReport

MOST_FEATURES = 15
SLIGHT, CLEAR = 0.1, 0.25  # customary limits of the population stability index


def show(words: Words, report: PsiReport) -> None:
    """Show the score's index in a sentence, and a table of the features that differ most."""
    psi = report["score"]["index"]
    size = "clear" if psi >= CLEAR else "slight" if psi >= SLIGHT else "small"
    sentence = words(
        f"drift_{size}",
        psi=words.number(psi, 3),
        expected=words.number(report["score"]["expected"], 3),
    )
    st.markdown(page_elements.plain(sentence))
    rows = [
        (each["label"], words.number(each["index"], 3), words.number(each["expected"], 3))
        for each in report["features"][:MOST_FEATURES]
    ]
    head = [words("feature"), words("psi"), words("psi_expected")]
    page_elements.table(words("drift_table"), head, rows)
