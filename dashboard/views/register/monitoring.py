"""Page of the model at work: figures of the recorded decisions and of how their loans went."""

from collections.abc import Callable

import streamlit as st

from advisor import form_controls, session
from advisor.formatting.formats import Words
from advisor.monitoring import overview, question
from advisor.monitoring.cells import Cells
from advisor.monitoring.monitoring_api import MonitoringApi
from advisor.monitoring.question import Query
from advisor.monitoring.response_models import MonitoringReport
from advisor.monitoring.sections import (
    applications,
    calibration,
    challengers,
    groups,
    people,
    performance,
    stability,
    vintages,
)
from advisor.register.held_reads import forget, held
from advisor.service_client.errors import RoleMissing

TOPIC = "monitoring_topic"
FEATURES = "monitoring_features"  # the queries whose features were asked for
SECTIONS: dict[str, Callable[[Cells], None]] = {
    "applications": applications.show,
    "performance": performance.show,
    "calibration": calibration.show,
    "vintages": vintages.show,
    "people": people.show,
    "groups": groups.show,
    "challenger": challengers.show,
}
STABILITY = "stability"
TOPICS = ("applications", STABILITY, *list(SECTIONS)[1:])


def show() -> None:
    """Show the page."""
    words = session.words()
    st.title(words("page_monitoring"))
    controls = st.empty()
    with controls.container(horizontal=True, vertical_alignment="bottom"):
        query = question.ask(words)
        st.button(words("read_again"), on_click=forget)
    if query is None:
        return
    try:
        report = read(words, query)
    except RoleMissing:
        controls.empty()  # a key without the role has nothing to choose
        raise
    overview.show(words, report)
    if not report["total"]["volume"]:
        st.info(words("no_decisions_then"))
        return
    topic, cells = choose_topic(words), Cells(words, report)
    if topic == STABILITY:
        stability.show(cells, lambda: read_features(words, query))
    else:
        SECTIONS[topic](cells)


def read(words: Words, query: Query) -> MonitoringReport:
    """The report of a query, which the session holds for a minute."""
    with st.spinner(words("counting")):
        return held(
            ("monitoring", *query.items()),
            lambda: MonitoringApi(session.service().connection).report(query),
        )


def read_features(words: Words, query: Query) -> MonitoringReport | None:
    """The report with the features; before they were asked for, a button that asks."""
    wanted: set[tuple[tuple[str, str], ...]] = st.session_state.setdefault(FEATURES, set())
    key = tuple(query.items())
    if key in wanted:
        return read(words, {**query, "features": "true"})
    st.markdown(words("shifts_intro"))
    st.button(words("count_features"), on_click=wanted.add, args=(key,))
    return None


def choose_topic(words: Words) -> str:
    """Show the choice of a section."""
    texts = {topic: words(f"topic_{topic}") for topic in TOPICS}
    return form_controls.choose(words, words("topic"), texts, TOPIC)


show()
