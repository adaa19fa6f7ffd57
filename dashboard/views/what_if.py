"""Page of simulations: counterfactuals, a form for other values, and the ICE curve."""

from collections.abc import Mapping, Sequence

import streamlit as st

from advisor import (
    contradictions,
    decision,
    form_controls,
    ice_curve,
    page_elements,
    reasons,
    session,
)
from advisor.display_scale import scale_of
from advisor.errors import Refused
from advisor.formats import Words, rounded
from advisor.pinned_service import PinnedService
from advisor.response_models import (
    Application,
    ClientId,
    Counterfactual,
    Feature,
    Record,
    Score,
    Value,
)

STEPS = 100  # of a number's plus or minus, over its usual range


def control_key(client: ClientId, feature: str) -> str:
    """The key of a feature's control; a text id is in quotes, which end it."""
    return f"what_if_{client!r}_{feature}"


def fill_form(client: ClientId, values: Mapping[str, Value]) -> None:
    """Put values into the form."""
    for name, value in values.items():
        st.session_state[control_key(client, name)] = value


def show_control(words: Words, client: ClientId, feature: Feature, own: Value) -> Value:
    """Show the control of one feature, with a number's usual range, and return its value."""
    key, label, step = control_key(client, feature["name"]), feature["label"], 1.0
    if feature["kind"] == "number":
        label = page_elements.label_with_unit(feature)
        if usual := ice_curve.usual_range(feature):
            low, high = usual_texts(words, feature, usual)
            label += ". " + words("usual", low=low, high=high)
            step = power_of_ten((usual[1] - usual[0]) / STEPS)
    return form_controls.control(words, key, page_elements.plain(label), feature, own, step)


def usual_texts(words: Words, feature: Feature, usual: tuple[float, float]) -> list[str]:
    """The ends of the usual range, the lower shown number first; dates are written in full."""
    scale = scale_of(feature)
    ends = sorted(usual, key=scale.shown)
    if scale.is_dated:
        return [words.feature_value(feature, end) for end in ends]
    return [words.quantity(end) for end in ends]


def power_of_ten(step: float) -> float:
    """The largest power of ten that is not above a step."""
    size = 1.0
    while size * 10 <= step:
        size *= 10
    while size > step > 0:
        size /= 10
    return size


def show_form(words: Words, client: ClientId, own: Record, features: Sequence[Feature]) -> Record:
    """Show the form of changeable features, and return the values that differ from the client's."""
    with st.form("what_if"):
        entered = {
            feature["name"]: show_control(words, client, feature, own[feature["name"]])
            for feature in features
        }
        st.form_submit_button(words("calculate"), type="primary")
    st.button(words("reset"), on_click=fill_form, args=(client, own), key="reset")
    return form_controls.changes(entered, own)


def show_counterfactuals(
    words: Words,
    service: PinnedService,
    client: ClientId,
    own: Record,
    features: Mapping[str, Feature],
    score: Score,
) -> None:
    """Show the counterfactuals, each with a button that puts it into the form.

    One that goes against a reason for the refusal names the figure behind both.
    """
    found = service.counterfactuals(client)
    refused = bool(found["prediction"])
    decided = "refused" if refused else "accepted"
    st.header(words(f"counterfactuals_{decided}"))
    if not found["alternatives"]:
        st.markdown(words("no_counterfactuals" if found["exact"] else "none_found_by_trying"))
        return
    for exact in found["alternatives"]:
        each = with_few_digits(service, client, exact, refused)
        value = words.exact_value(features[each["feature"]], each["value"])
        sentence = words(
            f"counterfactual_{decided}_{movement(features[each['feature']], each)}",
            label=each["label"],
            value=value,
            probability=words.number(each["probability"], 4),
        )
        if each["moved"] is not None:
            sentence += " " + words("moved", moved=words.percent(each["moved"], 1))
        labels = [each["label"]]
        against = contradictions.find(features, service.record(client), score["reasons"], each)
        if refused and against is not None:
            sentence += " " + against.sentence(words)
            labels += against.labels
        page_elements.paragraph(sentence, *labels)
        st.button(
            page_elements.plain(words("try", label=each["label"], value=value)),
            key=f"try_{each['feature']}_{each['direction']}",
            on_click=fill_form,
            args=(client, {**own, each["feature"]: each["value"]}),
        )
    if not found["exact"]:
        st.markdown(words("nearer_may_exist"))
    st.markdown(words("no_promise"))


def movement(feature: Feature, found: Counterfactual) -> str:
    """The direction of a change in the numbers that are shown; text for a change of category."""
    if found["direction"] is None:
        return "text"
    scale = scale_of(feature)
    rises = (found["direction"] == "up") != scale.is_turned
    if scale.is_date:
        return "earlier" if rises else "later"
    return "up" if rises else "down"


def with_few_digits(
    service: PinnedService, client: ClientId, exact: Counterfactual, refused: bool
) -> Counterfactual:
    """A counterfactual whose value is rounded a little beyond the exact one, to be said and typed.

    If the service does not score the rounded value, or decides as before, the value stays exact.
    """
    if not isinstance(exact["value"], float) or exact["direction"] is None:
        return exact
    value = rounded(exact["value"], up=exact["direction"] == "up")
    try:
        score = service.score({"client": client, "changes": {exact["feature"]: value}}, reasons=0)
    except Refused:
        return exact
    if bool(score["prediction"]) == refused:
        return exact
    return {**exact, "value": value, "probability": score["probability"]}


def show_result(
    words: Words, service: PinnedService, before: Score, after: Score, features: dict[str, Feature]
) -> None:
    """Show decision and score before and after the changes, and the features that follow them."""
    st.header(words("result_title"))
    st.markdown(f"**{page_elements.plain(decision.verdict(words, service, after))}**")
    old, new = figures(words, before), figures(words, after)
    rows = [(words(key), old[key], new[key]) for key in old if key in new]
    head = [words("figure"), words("before"), words("after")]
    page_elements.table(words("result_table"), head, rows)
    for key, names in (("recomputed", after["recomputed"]), ("stale", after["stale"])):
        show_features(words, key, features, names)


def figures(words: Words, score: Score) -> dict[str, str]:
    """The known figures of a score, written out, by the keys of their names."""
    found = {
        "decision": words("refused" if score["prediction"] else "accepted"),
        "probability": words.number(score["probability"], 4),
    }
    if (pd := score.get("pd")) is not None:
        found["expected_defaults"] = words.percent(pd, 1)
    if (points := score.get("points")) is not None:
        found["points"] = words.number(points)
    if (grade := score.get("grade")) is not None:
        found["grade"] = grade
    return found


def show_features(
    words: Words, key: str, features: dict[str, Feature], names: Sequence[str]
) -> None:
    """Show a sentence that lists the labels of features."""
    sentence = words(key, features=page_elements.label_list(words, features, names))
    page_elements.paragraph(sentence, *(features[name]["label"] for name in names))


def show() -> None:
    """Show the page."""
    words, service, client = session.words(), session.service(), session.chosen_client()
    features, record = service.feature_by_name, service.record(client)
    st.title(words("what_if_title", client=page_elements.plain_id(client)))
    application: Application = {"client": client}
    before = service.score(
        application, reasons=reasons.MOST_IN_WORDS, compare=reasons.chosen_peers()
    )
    st.header(decision.verdict(words, service, before))
    changes: Record = {}
    changeable = [feature for feature in features.values() if feature["change"] != "none"]
    if changeable:
        own = {feature["name"]: record[feature["name"]] for feature in changeable}
        show_counterfactuals(words, service, client, own, features, before)
        st.header(words("form_title"))
        if changes := show_form(words, client, own, changeable):
            application["changes"] = changes
            after = service.score(application, reasons=0)
            show_result(words, service, before, after, features)
    else:
        st.info(words("nothing_may_change"))
    st.header(words("curve_title"))
    if changes:
        show_features(words, "curve_changed", features, list(changes))
    else:
        st.markdown(words("curve_as_is"))
    feature = ice_curve.choose_feature(words, features, "curve")
    ice_curve.show(words, service, application, feature)


show()
