"""Page of a client: the decision, its percentiles and the raw record."""

import itertools

import streamlit as st

from advisor import decision, page_elements, session
from advisor.formats import Words
from advisor.register.recording import record_panel
from advisor.response_models import Feature, Record


def show_record(words: Words, record: Record, features: dict[str, Feature]) -> None:
    """Show a table of the client's values for each theme."""
    st.header(words("known"))
    by_theme = sorted(record, key=lambda name: features[name]["group"])
    for theme, names in itertools.groupby(by_theme, lambda name: features[name]["group"]):
        values = {name: record[name] for name in names}
        known = sum(value is not None for value in values.values())
        title = words("theme_known", theme=theme, known=str(known), all=str(len(values)))
        with st.expander(page_elements.plain(title)):
            rows = [
                (features[name]["label"], words.feature_value(features[name], value))
                for name, value in values.items()
            ]
            page_elements.table(theme, [words("feature"), words("value")], rows)


def show() -> None:
    """Show the page."""
    words, service, client = session.words(), session.service(), session.chosen_client()
    st.title(words("client_title", client=page_elements.plain_id(client)))
    score = service.score({"client": client}, reasons=0)
    decision.show(words, service, score)
    decision.show_percentiles(words, score)
    record_panel.show(words, service, {"client": client}, score)
    show_record(words, service.record(client), service.feature_by_name)


show()
