"""Page of the model: quality, decisions by group, stability, and the files in use."""

import streamlit as st

from advisor import page_elements, session
from advisor.formatting.formats import Words
from advisor.model import groups, quality, stability
from advisor.service_client.response_models import ModelFacts
from advisor.statements import decision


def show() -> None:
    """Show the page."""
    words, service = session.words(), session.service()
    features, facts = service.feature_by_name, service.facts
    st.title(words("page_model"))
    page_elements.facts(key_facts(words, facts))
    figures = facts["facts"].get("quality") or {}
    quality.show(words, figures)
    with st.container(key="stacking_model"):
        left, right = st.columns(2, gap="large")
    with left:
        by_trait = figures.get("groups")
        if protected := facts["protected_features"]:
            st.header(words("groups" if by_trait else "protected_title"))
            labels = page_elements.label_list(words, features, protected)
            st.markdown(page_elements.plain(words("protected", features=labels)))
        elif by_trait:
            st.header(words("groups"))
        if by_trait:
            groups.show(words, by_trait, features)
    with right:
        st.header(words("drift"))
        stability.show(words, service.psi_report())
    show_files(words, facts)


def key_facts(words: Words, facts: ModelFacts) -> list[tuple[str, str]]:
    """Date, limit and sizes, each with its name."""
    limit = decision.risk_texts(words, facts["threshold"])[0]
    return [
        (words("trained"), str(facts["facts"].get("trained", words("not_known")))),
        (words("refused_from"), limit),
        (words("features_count"), words.number(facts["features"])),
        (words("reference_clients"), words.number(facts["reference_clients"])),
        (words("new_clients"), words.number(facts["new_clients"])),
    ]


def show_files(words: Words, facts: ModelFacts) -> None:
    """Show tables of hashes and versions."""
    st.header(words("in_use"))
    with st.container(key="stacking_files"):
        left, right = st.columns([2, 1], gap="large")
    with left:
        head = [words("file"), "SHA-256"]
        page_elements.table(words("hashes"), head, sorted(facts["sha256"].items()))
    with right:
        head = [words("library"), words("version")]
        page_elements.table(words("versions"), head, list(facts["versions"].items()))


show()
