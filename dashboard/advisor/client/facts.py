"""All values of a client by theme, with a field that filters them."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.formatting.value_texts import texts_apart, typical_value
from advisor.service_client.response_models import Feature, Record, Value

FILTER = "filter_facts"
FIELD_WIDTH = 400  # pixels


@dataclass(frozen=True)
class Fact:
    """A client's value of a feature, and the typical one of the clients who repaid, written out."""

    theme: str
    label: str
    value: str
    typical: str
    is_known: bool

    def has(self, folded: str) -> bool:
        """True if a text, in small letters, is in the theme, the label or the value."""
        return any(folded in text.casefold() for text in (self.theme, self.label, self.value))


def facts(words: Words, record: Record, features: Iterable[Feature]) -> list[Fact]:
    """The facts of a record, sorted by theme; themes and features in the order of the files."""
    found = [fact(words, feature, record[feature["name"]]) for feature in features]
    order = list(dict.fromkeys(each.theme for each in found))
    return sorted(found, key=lambda each: order.index(each.theme))


def fact(words: Words, feature: Feature, value: Value) -> Fact:
    """One fact."""
    usual = typical_value(feature)
    written, usual_text = texts_apart(words, feature, value, usual)
    typical = "" if usual is None else usual_text
    return Fact(feature["group"], feature["label"], written, typical, value is not None)


def show(words: Words, record: Record, features: Iterable[Feature]) -> None:
    """Show the filter, and a table of each theme in columns beside each other."""
    label = words(FILTER)
    typed = st.text_input(label, key=FILTER, persist_state="session", width=FIELD_WIDTH) or ""
    found = facts(words, record, features)
    chosen = [each for each in found if each.has(typed.strip().casefold())]
    if not chosen:
        st.markdown(page_elements.plain(words("no_fact", typed=typed)))
        return
    tables = "".join(
        theme_table(words, theme, list(members))
        for theme, members in itertools.groupby(chosen, lambda each: each.theme)
    )
    st.html(f'<div style="columns:28rem;column-gap:2.5rem">{tables}</div>')


def theme_table(words: Words, theme: str, members: Sequence[Fact]) -> str:
    """HTML of the table of one theme."""
    known = words.number(sum(each.is_known for each in members))
    title = words("theme_known", theme=theme, known=known, all=words.number(len(members)))
    head = [words(key) for key in ("feature", "value", "typical_if_repaid")]
    rows = [(each.label, each.value, each.typical) for each in members]
    return page_elements.table_html(title, head, rows)
