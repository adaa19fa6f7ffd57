"""Reason codes of overrides and reviews: a list of the lender, with words for the usual ones."""

import os
import re
from collections.abc import Sequence

import streamlit as st

from advisor import session
from advisor.formatting.formats import Words
from advisor.service_client.errors import WrongReasonCodes
from advisor.texts import texts

CODE = re.compile(r"[A-Z0-9_]{1,40}")  # the service refuses other codes
CONFIRMED = "CONFIRMED"  # of a person who agrees with the decision
USUAL = (
    "POLICY", "INCOME_PROVED", "DATA_WRONG", "GUARANTEE", "KNOWN_CLIENT", "NOT_AFFORDABLE",
    "FRAUD_SUSPECTED", "OTHER",
)  # fmt: skip


def override_reasons() -> tuple[str, ...]:
    """The codes of DASHBOARD_REASONS, separated by commas; the usual ones if it is not set.

    Raises:
        WrongReasonCodes: a code is not made of capitals, digits and underscores.
    """
    given = os.environ.get("DASHBOARD_REASONS") or ",".join(USUAL)
    codes = tuple(dict.fromkeys(code.strip() for code in given.split(",") if code.strip()))
    if not codes or not all(CODE.fullmatch(code) for code in codes):
        raise WrongReasonCodes(given)
    return codes


def reason_text(words: Words, code: str) -> str:
    """A reason code in words; the code if the interface has no words for it."""
    key = f"code_{code.lower()}"
    return words(key) if key in texts() else code


def choose(words: Words, key: str, codes: Sequence[str], first: int | None = None) -> None:
    """Show the choice of a reason code; it is in no form, so that a change of language keeps it.

    Args:
        words: texts.
        key: the control's key in the session.
        codes: the options.
        first: the index of the option that is chosen at first; None for no option.
    """
    session.keep_choice(words, key)
    st.selectbox(
        words("reason"),
        codes,
        index=first,
        format_func=lambda code: reason_text(words, code),
        key=key,
        placeholder=words("choose_reason"),
        persist_state="session",
    )
