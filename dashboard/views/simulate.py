"""Page of simulations: other values of a client, the decision with them, and what would turn it."""

import streamlit as st

from advisor import page_elements, session
from advisor.formatting.formats import Words
from advisor.plots import ice_curve
from advisor.service_client.errors import Refused
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Application, ClientId, Feature, Record, Score
from advisor.simulation import result, suggestions
from advisor.simulation.form import CURVE, Form
from advisor.statements import reasons

MOST_SHOWN = 12  # features of a form that shows all of them
MORE = "simulate_more"


def show_suggestions(
    words: Words, service: PinnedService, client: ClientId, form: Form, before: Score
) -> None:
    """Show the changes that turn the decision, each as a button that fills the form.

    Until a feature is changed or chosen, the curve is of the first one that is suggested.
    """
    found = suggestions.search(words, service, client, before)
    decided = "refused" if before["prediction"] else "accepted"
    st.header(words(f"suggestions_{decided}"))
    if not found.found:
        st.markdown(words(f"no_suggestion_{decided}" if found.exact else "none_found_by_trying"))
        return
    st.session_state.setdefault(CURVE, next(iter(found.found[0].changes)))
    if found.are_pairs:
        st.markdown(words("pairs"))
    for at, each in enumerate(found.found):
        with st.container(
            key=f"simulate_suggestion_{at}", horizontal=True, vertical_alignment="center"
        ):
            st.button(
                page_elements.plain(each.short),
                key=f"try_{at}",
                on_click=form.fill,
                args=(each.changes,),
                wrap=True,
            )
            if each.remark:
                page_elements.paragraph(each.remark, *each.labels)
    if not found.exact:
        st.markdown(words("nearer_may_exist"))
    st.markdown(words("no_promise_two" if found.are_pairs else "no_promise_one"))


def choose_shown(words: Words, service: PinnedService, form: Form) -> list[str]:
    """The features in the form: the most important ones, changed ones, and those chosen here."""
    names = list(form.features)
    if len(names) <= MOST_SHOWN:
        return names
    by_importance = [each["name"] for each in service.importance()["features"]]
    first = {*[name for name in by_importance if name in form.features][:MOST_SHOWN]}
    first |= {*form.changes()}
    others = [name for name in names if name not in first]
    chosen = st.multiselect(
        words("more_features"),
        others,
        format_func=lambda name: form.features[name]["label"],
        key=MORE,
        persist_state="session",
    )
    return [name for name in names if name in first or name in chosen]


def show_curve(
    words: Words, service: PinnedService, application: Application, features: dict[str, Feature]
) -> None:
    """Show the score along the feature that was changed last, or along the chosen one."""
    st.header(words("curve_title"))
    feature = ice_curve.choose_feature(words, features, CURVE)
    ice_curve.show(words, service, application, feature)


def scored(words: Words, service: PinnedService, changed: Application) -> Score | None:
    """The score of a client with changes; None if the service refuses them, which it tells."""
    try:
        return service.score(changed, reasons=0)
    except Refused as error:
        page_elements.failure(words, error, words("correct_first"))
        return None


def show() -> None:
    """Show the page."""
    words, service, client = session.words(), session.service(), session.chosen_client()
    st.title(words("simulate_title", client=page_elements.plain_id(client)))
    features, record = service.feature_by_name, service.record(client)
    as_is: Application = {"client": client}
    before = service.score(as_is, reasons=reasons.MOST_IN_WORDS, compare=reasons.chosen_peers())
    changeable = {name: each for name, each in features.items() if each["change"] != "none"}
    own: Record = {name: record[name] for name in changeable}
    form = Form(words, client, own, changeable)
    form.follow_address()
    changed: Application = {"client": client, "changes": form.changes()}
    is_scored = bool(changed["changes"]) and not form.refusals()
    after = scored(words, service, changed) if is_scored else None
    result.show(words, service, form, before, after)
    with st.container(key="simulate_parts"):
        left, right = st.columns(2, gap="large")
    with left:
        if changeable:
            st.header(words("form_title"))
            shown = choose_shown(words, service, form)
            with st.container(key="simulate_form"):
                form.show(shown)
            if after is not None:
                result.show_followers(words, service, after)
        else:
            st.info(words("nothing_may_change"))
    with right:
        if changeable:
            with st.container(key="simulate_suggestions"):
                show_suggestions(words, service, client, form, before)
        show_curve(words, service, as_is if after is None else changed, features)


show()
