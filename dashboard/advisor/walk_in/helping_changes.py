"""The changes that would help a person who is not a client, of values that are the person's own."""

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Record, Score
from advisor.simulation import suggestions
from advisor.simulation.formulas import after_change
from advisor.walk_in.completion import Completion

MOST_CHANGES = 2


def show(words: Words, service: PinnedService, completion: Completion, told: Score) -> None:
    """Show up to two changes that turn a refusal, and the typical values that they rest on.

    Args:
        words: texts and number formats.
        service: finds and scores the changes.
        completion: the application. A value that stands in for an unknown one is not changed.
        told: the score, with the reasons that are shown.
    """
    features = service.feature_by_name
    if not told["prediction"] or all(each["change"] == "none" for each in features.values()):
        return
    st.subheader(words("would_help"))
    fixed = [
        name for name, origin in completion.origins.items() if origin in ("stand_in", "absent")
    ]
    own = own_values(service, completion)
    search = suggestions.search_application
    nearest = search(words, service, completion.application, own, told, fixed).found
    for each in sorted(nearest, key=lambda each: each.goes_against)[:MOST_CHANGES]:
        page_elements.paragraph(each.sentence, *each.labels)
    page_elements.paragraph(words("promise_nothing" if nearest else "nothing_known_helps"))
    if not completion.is_decision:
        number = words.number(completion.count("stand_in"))
        share = words.percent(completion.stood_in)
        page_elements.paragraph(words("help_assumes", number=number, share=share))


def own_values(service: PinnedService, completion: Completion) -> Record:
    """The person's values, also computed ones; None for those that rest on stand-ins."""
    features, application = service.feature_by_name, completion.application
    entered = {**application["record"], **application.get("changes", {})}
    return {
        name: None if origin == "stand_in" else after_change(features, {}, entered, name)
        for name, origin in completion.origins.items()
    }
