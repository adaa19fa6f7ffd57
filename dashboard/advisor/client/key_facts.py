"""The key facts of an application: the features that may change, such as loan and income."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Feature, Record

MOST_FACTS = 4


def key_features(service: PinnedService) -> Sequence[Feature]:
    """The first features that may change, or else the first ones that no law protects."""
    features = service.feature_by_name.values()
    protected = service.facts["protected_features"]
    changeable = [feature for feature in features if feature["change"] != "none"]
    free = [feature for feature in features if feature["name"] not in protected]
    return (changeable or free)[:MOST_FACTS]


def show(words: Words, service: PinnedService, record: Record) -> None:
    """Show the client's values of the key facts."""
    rows = "".join(
        f"<div><dt>{page_elements.tagged(feature['label'], feature['label'])}</dt>"
        f"<dd>{escape(words.feature_value(feature, record[feature['name']]))}</dd></div>"
        for feature in key_features(service)
    )
    st.html(f'<dl class="desk-facts" aria-label="{escape(words("key_facts"))}">{rows}</dl>')
