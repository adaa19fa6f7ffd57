"""Controls of a form that starts with a client's values, and the changes made in it."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import streamlit as st

from advisor import session
from advisor.formatting.csv_cells import known_categories
from advisor.formatting.formats import Words
from advisor.service_client.response_models import Feature, Record, Value

EXACT = "%.17g"  # every digit of a double; the browser writes no more than it needs

Name = TypeVar("Name", bound=str)


def choose(words: Words, label: str, texts: Mapping[Name, str], key: str) -> Name:
    """Show options in a row, and return the chosen one; a change of language keeps it.

    Args:
        words: the interface's language.
        label: of the control.
        texts: options and their texts, the first one chosen at first.
        key: the control's key in the session.
    """
    session.keep_choice(words, key)
    chosen: Name = st.radio(
        label,
        list(texts),
        format_func=texts.__getitem__,
        key=key,
        horizontal=True,
        persist_state="session",
    )
    return chosen


def control(
    words: Words,
    key: str,
    label: str,
    feature: Feature,
    own: Value,
    step: float | None = None,
    on_change: Callable[[], None] | None = None,
) -> Value:
    """Show the control of one feature, and return its value; an empty control is a missing value.

    Args:
        words: texts and number formats.
        key: the control's key in the session.
        label: Markdown.
        feature: the feature that is entered.
        own: the client's value, with which the control starts.
        step: the step of a number's plus and minus; None for Streamlit's own.
        on_change: called when another value is entered; None for a control in a form.
    """
    st.session_state.setdefault(key, own)
    if feature["kind"] == "number":
        return st.number_input(
            label,
            value=None,
            step=step,
            format=EXACT,
            key=key,
            on_change=on_change or "rerun",
            persist_state="session",
        )
    session.keep_choice(words, key)
    return st.selectbox(
        label,
        options(feature, own, st.session_state[key]),
        index=None,
        format_func=lambda option: words.exact_value(feature, option),
        key=key,
        on_change=on_change or "rerun",
        persist_state="session",
    )


def options(feature: Feature, *values: Value) -> list[Value]:
    """The options of a flag or a text: the reference clients' values and the given ones."""
    given = [value for value in values if value is not None]
    if feature["kind"] == "text":
        return [*sorted({*map(str, given), *known_categories(feature)})]
    # Of equal numbers, such as -0 and 0, a dict keeps the first: the given one.
    return [*sorted(dict.fromkeys([*map(float, given), 0.0, 1.0]))]


def changes(entered: Mapping[str, Value], own: Mapping[str, Value]) -> Record:
    """The entered values that differ from the client's own."""
    return {name: value for name, value in entered.items() if value != own[name]}
