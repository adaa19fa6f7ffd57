"""The result of a new application: a decision, an indication, or what to ask for next."""

from html import escape

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.letter import editor
from advisor.plots import ice_curve
from advisor.register.recording import record_panel
from advisor.service_client.errors import Refused
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Reason, Score
from advisor.statements import decision, reasons
from advisor.walk_in import helping_changes
from advisor.walk_in.completion import MOST_STOOD_IN, Completion
from advisor.walk_in.sources import Source

MOST_ASKED = 5
MOST_TOLD, MOST_BESIDE = 3, 2  # themes of the decision's direction, and of the other one
LETTER, CURVE = "new_letter_open", "new_curve_open"
BAND = "walk_in_band"  # key of the container above the form, which the style names too
# A screen reader reads a live region again if it changes; Streamlit has no role for a container.
LIVE = f"""<script>
document.querySelector(".st-key-{BAND}")?.setAttribute("role", "status")
</script>"""


def counted(words: Words, completion: Completion, source: Source) -> str:
    """How many values are known, from where, and how much the typical ones carry."""
    known = completion.count("entered", "given", "absent", "computed")
    total = len(completion.origins)
    parts = [
        words(f"count_{origin}", number=words.number(number), source=source.name)
        for origin in ("entered", "given", "absent", "computed")
        if (number := completion.count(origin))
    ]
    sentence = words("count_known", known=words.number(known), total=words.number(total))
    if parts:
        sentence += f" ({', '.join(parts)})"
    if completion.is_decision:
        return f"{sentence}."
    return words(
        "count_stand_in",
        known=sentence,
        number=words.number(completion.count("stand_in")),
        share=words.percent(completion.stood_in),
    )


def asked_score(words: Words, service: PinnedService, completion: Completion) -> Score | None:
    """The score of the application; None if it is not asked for, or the service refuses it."""
    if completion.is_refused:
        return None
    try:
        return service.score(
            completion.application,
            reasons.MOST_REASONS,
            reasons.chosen_peers(),
            strengths=reasons.MOST_REASONS,
        )
    except Refused as error:
        page_elements.failure(words, error, words(f"way_{error.key}", detail=error.detail))
        return None


def show_band(
    words: Words, service: PinnedService, completion: Completion, source: Source
) -> Score | None:
    """Show the result in the container named BAND, and return the score if there is one."""
    score = asked_score(words, service, completion)
    shown, counts = st.columns([3, 2], gap="medium", vertical_alignment="center")
    with shown:
        if score is not None:
            show_score(words, service, completion, score)
        elif completion.is_refused:
            show_too_little(words, completion)
    with counts:
        page_elements.paragraph(counted(words, completion, source))
    st.html(LIVE, unsafe_allow_javascript=True)
    return score


def show_score(words: Words, service: PinnedService, completion: Completion, score: Score) -> None:
    """Show a decision, or an indication as one."""
    if completion.is_decision:
        decision.show(words, service, score)
    else:
        heading(words("indication"))
        decision.show_small(words, score)


def show_too_little(words: Words, completion: Completion) -> None:
    """Show that the model is not asked, and how much of its weight is known."""
    heading(words("too_little"))
    known, needed = words.percent(1 - completion.stood_in), words.percent(1 - MOST_STOOD_IN)
    page_elements.paragraph(words("weight_needed", known=known, needed=needed))


def heading(text: str) -> None:
    """Show the heading of the result."""
    st.html(f'<h2 style="margin:0;padding:0;font-size:1.25rem">{escape(text)}</h2>')


def show_questions(words: Words, service: PinnedService, completion: Completion) -> None:
    """Show the strongest features that are not known: an answer to them tells the model most."""
    if asked := completion.to_ask[:MOST_ASKED]:
        labels = [service.feature_by_name[name]["label"] for name in asked]
        page_elements.paragraph(words("ask_next", features=", ".join(labels)), *labels)


def show_details(
    words: Words, service: PinnedService, completion: Completion, score: Score
) -> None:
    """Show reasons and strengths, those of the decision first, and the record of a decision."""
    told, refused = own_themes(completion, score), bool(score["prediction"])
    title = f"why_{decision.kind(score)}"
    show_themes(words, service, told, title, MOST_TOLD, strengths=not refused)
    reasons.show_protected(words, told)
    helping_changes.show(words, service, completion, told)
    side = "speaks_for" if refused else "speaks_against"
    show_themes(words, service, told, side, MOST_BESIDE, strengths=refused)
    if completion.is_decision:
        record_panel.show(words, service, completion.application, score)
    else:
        st.markdown(words("no_record"))


def show_themes(
    words: Words, service: PinnedService, told: Score, title: str, most: int, *, strengths: bool
) -> None:
    """Show the strongest reasons or strengths under a title; nothing if there are none."""
    if told.get("strengths") if strengths else told["reasons"]:
        st.subheader(words(title))
        reasons.show_told(words, told, service.feature_by_name, most, strengths=strengths)


def own_themes(completion: Completion, score: Score) -> Score:
    """The score without the reasons and strengths that typical values give, not the person's."""

    def is_own(reason: Reason) -> bool:
        strongest = reasons.strongest_feature(reason)
        return strongest is None or completion.origins.get(strongest["name"]) != "stand_in"

    return {
        **score,
        "reasons": [each for each in score["reasons"] if is_own(each)],
        "strengths": [each for each in score.get("strengths") or () if is_own(each)],
    }


def show_more(words: Words, service: PinnedService, completion: Completion, score: Score) -> None:
    """Show the letter of a decision and the curve of a feature; each is made when opened."""
    if completion.is_decision:
        letter = st.expander(words("walk_in_letter"), key=LETTER, on_change="rerun")
        if letter.open:
            with letter:
                editor.show(words, service, completion.application, score, key="walk_in")
    curve = st.expander(words("curve_title"), key=CURVE, on_change="rerun")
    if curve.open:
        with curve:
            feature = ice_curve.choose_feature(words, service.feature_by_name, "curve_new")
            ice_curve.show(words, service, completion.application, feature)
