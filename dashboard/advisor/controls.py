"""Controls of a form that starts with existing values, and the changes made in it."""

from collections.abc import Mapping

import streamlit as st

from advisor import state
from advisor.answers import Feature, Record, Value
from advisor.cells import known_categories
from advisor.formats import Words

EXACT = "%.17g"  # every digit of a double; the browser writes no more than it needs


def control(
    words: Words, key: str, label: str, feature: Feature, own: Value, step: float | None = None
) -> Value:
    """The control of one feature. It starts with a client's own value; left empty it is missing.

    Args:
        words: of the interface.
        key: of the control in the session's state.
        label: Markdown.
        feature: of the value.
        own: the value to start with.
        step: of a number's plus and minus; Streamlit's default without one.
    """
    st.session_state.setdefault(key, own)
    if feature["kind"] == "number":
        return st.number_input(
            label, value=None, step=step, format=EXACT, key=key, persist_state="session"
        )
    state.keep_choice(words, key)
    return st.selectbox(
        label,
        options(feature, own, st.session_state[key]),
        index=None,
        format_func=lambda option: words.exactly(feature, option),
        key=key,
        persist_state="session",
    )


def options(feature: Feature, *values: Value) -> list[Value]:
    """The options of a flag or a text: those of earlier clients, and given values beside them."""
    given = [value for value in values if value is not None]
    if feature["kind"] == "text":
        return [*sorted({*map(str, given), *known_categories(feature)})]
    # Of equal numbers, as -0 and 0, a dict keeps the first: the given one.
    return [*sorted(dict.fromkeys([*map(float, given), 0.0, 1.0]))]


def changes(entered: Mapping[str, Value], own: Mapping[str, Value]) -> Record:
    """The entered values that differ from a client's own."""
    return {name: value for name, value in entered.items() if value != own[name]}
