"""Page of a new application, of a person who is not a client yet."""

import streamlit as st

from advisor import session
from advisor.walk_in import fields, result, sources
from advisor.walk_in.completion import complete
from advisor.walk_in.feature_weights import FeatureWeights


def show() -> None:
    """Show the form, and its result above and beside it."""
    words, service = session.words(), session.service()
    features = service.feature_by_name
    weights = FeatureWeights.of(features, service.importance())
    st.title(words("page_application"))
    source = sources.choose(words, service)
    band = st.container(key=result.BAND)  # stays in view
    with st.container(key="stacking_walk_in"):
        form, details = st.columns([3, 2], gap="large")
    with form:
        questions = st.container()
        entered = fields.show(words, features, weights, source)
        absent_themes = fields.choose_absent(words, features, weights)
    completion = complete(features, weights, source.read.values, entered, absent_themes)
    with band:
        score = result.show_band(words, service, completion, source)
    with questions:
        result.show_questions(words, service, completion)
    if score is not None:
        with details:
            result.show_details(words, service, completion, score)
        result.show_more(words, service, completion, score)


show()
