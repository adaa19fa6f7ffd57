"""Page of comparisons: one feature among the clients who repaid and who did not, and a pair."""

import streamlit as st

from advisor import page_elements, session
from advisor.formatting.formats import Words
from advisor.plots import feature_pair
from advisor.plots.category_bars import ClassSizes
from advisor.plots.feature_picture import FeaturePicture
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import ClientId
from advisor.statements import reasons

COMPARED, FIRST = "compared", "compared_first"  # the chosen feature, and the one before any choice


def show() -> None:
    """Show the page."""
    words, service, client = session.words(), session.service(), session.chosen_client()
    features, record = service.feature_by_name, service.record(client)
    st.title(words("compare_title", client=page_elements.plain_id(client)))
    always_known = [name for name, feature in features.items() if not feature["missing"]]
    sizes: ClassSizes | None = None
    if always_known:
        complete = features[always_known[0]]
        sizes = complete["class0"]["present"], complete["class1"]["present"]
    strongest = features_of_reasons(service, client)
    text, picture = page_elements.text_and_picture("compare")
    with text:
        name = choose_feature(words, service, strongest)
    values = service.values_by_class(name)
    FeaturePicture(words, features[name], record[name], values, sizes).show(text, picture)
    if always_known:
        st.header(words("two_title"))
        feature_pair.show(words, service, record, always_known, strongest)


def features_of_reasons(service: PinnedService, client: ClientId) -> list[str]:
    """The strongest feature of each reason of a client, the strongest reason first."""
    score = service.score({"client": client}, reasons.MOST_IN_WORDS, reasons.chosen_peers())
    found = map(reasons.strongest_feature, score["reasons"])
    names = [each["name"] for each in found if each is not None]
    return [name for name in names if name in service.feature_by_name]


def choose_feature(words: Words, service: PinnedService, strongest: list[str]) -> str:
    """Show the choice of a feature; that of the strongest reason is chosen at first."""
    features, state = service.feature_by_name, st.session_state
    first = next(iter([*strongest, *features]))
    if state.get(COMPARED, state.get(FIRST)) == state.get(FIRST) or state[COMPARED] not in features:
        state[COMPARED] = first
    state[FIRST] = first
    session.keep_choice(words, COMPARED)
    chosen: str = st.selectbox(
        words("compare_feature"),
        list(features),
        format_func=lambda name: features[name]["label"],
        key=COMPARED,
        persist_state="session",
    )
    return chosen


show()
