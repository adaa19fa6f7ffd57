"""The decision before and after the changes, in a bar that stays in view."""

from html import escape

import streamlit as st

from advisor import address, page_elements
from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Record, Score
from advisor.simulation.form import Form
from advisor.statements import decision

BAR, AFTER = "simulate_bar", "simulate_after"  # keys of containers, which the style names too
MORE_FIGURES = ("defaults_of_100", "points", "grade")
# A screen reader reads a live region again if it changes; Streamlit has no role for a container.
LIVE = f"""<script>
const region = document.querySelector(".st-key-{AFTER}")
region?.setAttribute("role", "status")
</script>"""


def show(
    words: Words, service: PinnedService, form: Form, before: Score, after: Score | None
) -> None:
    """Show the bar.

    Args:
        words: texts and number formats.
        service: of the page.
        form: whose changes were scored.
        before: the score of the client.
        after: the score with the changes; None if there are none, or if one of them is refused.
    """
    changes = form.changes()
    with st.container(key=BAR):
        now, then, actions = st.columns([5, 5, 3], vertical_alignment="center")
        with now:
            st.html(decision_html(words, service, words("before"), before))
        with then, st.container(key=AFTER):
            if not form.features:
                st.html(f"<p>{escape(words('nothing_may_change_here'))}</p>")
            elif after is None:
                hint = words("correct_first" if form.refusals() else "change_something")
                st.html(f"<p>{escape(hint)}</p>")
            else:
                st.html(decision_html(words, service, words("after"), after))
        with actions, st.container(horizontal=True, vertical_alignment="center", gap="small"):
            show_actions(words, form, changes, after)
        st.html(LIVE, unsafe_allow_javascript=True)


def decision_html(words: Words, service: PinnedService, title: str, score: Score) -> str:
    """A decision with its icon, axis and figures."""
    figures = decision.figures(words, service, score)
    more = " · ".join(
        words("label_and_value", label=words(key), value=figures[key])
        for key in MORE_FIGURES
        if key in figures
    )
    return (
        f'<p class="desk-note">{escape(title)}</p>'
        f'<p style="font-weight:700;color:{decision.colour_of(score)}">'
        f'<span aria-hidden="true">{decision.icon(score)}</span> '
        f"{escape(decision.verdict(words, score))}</p>"
        f'<div class="desk-axis">{decision.axis(words, score)}</div>'
        + (f'<p class="desk-note desk-more">{escape(more)}</p>' if more else "")
    )


def show_actions(words: Words, form: Form, changes: Record, after: Score | None) -> None:
    """Show the link to a letter about an accepted offer, and the way back."""
    if after is not None and not after["prediction"]:
        address.link("letter", words("keep_offer"), changes=changes, primary=True, key="offer")
    st.button(
        words("reset"),
        key="reset",
        on_click=form.fill,
        args=({},),
        disabled=not changes,
        wrap=True,
    )


def show_followers(words: Words, service: PinnedService, after: Score) -> None:
    """Show the features that follow the changes, and those that would and are not computed."""
    features = service.feature_by_name
    for key, names in (("recomputed", after["recomputed"]), ("stale", after["stale"])):
        if names:
            sentence = words(key, features=page_elements.label_list(words, features, names))
            page_elements.paragraph(sentence, *(features[name]["label"] for name in names))
