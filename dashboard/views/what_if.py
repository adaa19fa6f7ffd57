"""What if: other values of what may change, what would be accepted, the score along one feature."""

from collections.abc import Mapping, Sequence

import streamlit as st

from advisor import controls, curve, parts, state
from advisor.answers import (
    Alternative,
    Application,
    Feature,
    Record,
    Score,
    Value,
)
from advisor.desk import Desk
from advisor.errors import Refused
from advisor.formats import Words, rounded

STEPS = 100  # of a plus or a minus between the reference quantiles


def key_of(client: int, feature: str) -> str:
    """The key of a feature's control."""
    return f"what_if_{client}_{feature}"


def put(client: int, values: Mapping[str, Value]) -> None:
    """Put values into the form."""
    for name, value in values.items():
        st.session_state[key_of(client, name)] = value


def entry(words: Words, client: int, feature: Feature, own: Value) -> Value:
    """The control of one feature, with the usual range of a number."""
    key, label, step = key_of(client, feature["name"]), feature["label"], 1.0
    if feature["kind"] == "number":
        label = parts.titled(feature)
        if span := curve.usual(feature):
            low, high = (words.quantity(end) for end in span)
            label += ". " + words("usual", low=low, high=high)
            step = nice((span[1] - span[0]) / STEPS)
    return controls.control(words, key, parts.plain(label), feature, own, step)


def nice(step: float) -> float:
    """One, ten, a tenth …: the largest that is not above a step."""
    size = 1.0
    while size * 10 <= step:
        size *= 10
    while size > step > 0:
        size /= 10
    return size


def form(words: Words, client: int, record: Record, features: Sequence[Feature]) -> Record:
    """The controls of what may change; the values that differ from the client's own."""
    own = {feature["name"]: record[feature["name"]] for feature in features}
    with st.form("what_if"):
        entered = {
            feature["name"]: entry(words, client, feature, own[feature["name"]])
            for feature in features
        }
        st.form_submit_button(words("calculate"), type="primary")
    st.button(words("reset"), on_click=put, args=(client, own), key="reset")
    return controls.changes(entered, own)


def suggestions(
    words: Words, desk: Desk, client: int, own: Record, features: Mapping[str, Feature]
) -> None:
    """What would turn the decision, each with a button that puts it into the form."""
    found = desk.alternatives(client)
    refused = bool(found["prediction"])
    st.header(words("alternatives_refused" if refused else "alternatives_accepted"))
    if not found["alternatives"]:
        st.markdown(words("no_alternatives"))
    for exact in found["alternatives"]:
        alternative = in_few_digits(desk, client, exact, refused)
        value = words.exactly(features[alternative["feature"]], alternative["value"])
        parts.say(suggestion(words, alternative, value, refused), alternative["label"])
        st.button(
            parts.plain(words("try", label=alternative["label"], value=value)),
            key=f"try_{alternative['feature']}_{alternative['direction']}",
            on_click=put,
            args=(client, {**own, alternative["feature"]: alternative["value"]}),
        )
    if found["alternatives"]:
        st.markdown(words("no_promise"))


def in_few_digits(desk: Desk, client: int, found: Alternative, refused: bool) -> Alternative:
    """An alternative with a value that can be said and typed, a little beyond the exact one.

    The service scores it: where it does not turn the decision, the value keeps all its digits.
    """
    if not isinstance(found["value"], float) or found["direction"] is None:
        return found
    value = rounded(found["value"], up=found["direction"] == "up")
    try:
        score = desk.score({"client": client, "changes": {found["feature"]: value}}, reasons=0)
    except Refused:  # it is no application that can be scored
        return found
    if bool(score["prediction"]) == refused:
        return found
    return {**found, "value": value, "probability": score["probability"]}


def suggestion(words: Words, alternative: Alternative, value: str, refused: bool) -> str:
    """A change that turns the decision, in a sentence."""
    moved, direction = alternative["moved"], alternative["direction"] or "text"
    decision = "refused" if refused else "accepted"
    sentence = words(
        f"alternative_{decision}_{direction}",
        label=alternative["label"],
        value=value,
        probability=words.number(alternative["probability"], 4),
    )
    return (
        sentence if moved is None else f"{sentence} {words('moved', moved=words.percent(moved, 1))}"
    )


def result(
    words: Words, desk: Desk, before: Score, after: Score, features: dict[str, Feature]
) -> None:
    """Before and after, what was recomputed, what is stale."""
    st.header(words("result_title"))
    st.markdown(f"**{parts.plain(parts.verdict(words, desk, after))}**")
    decisions = [words("refused" if s["prediction"] else "accepted") for s in (before, after)]
    rows = [
        (words("decision"), *decisions),
        (words("probability"), *(words.number(s["probability"], 4) for s in (before, after))),
    ]
    for key in ("pd", "points", "grade"):
        values = [before.get(key), after.get(key)]
        if None not in values:
            written = [v if isinstance(v, str) else words.quantity(float(str(v))) for v in values]
            rows.append((words("expected_defaults" if key == "pd" else key), *written))
    if (old := before.get("pd")) is not None and (new := after.get("pd")) is not None:
        at = next(n for n, row in enumerate(rows) if row[0] == words("expected_defaults"))
        rows[at] = (rows[at][0], words.percent(old, 1), words.percent(new, 1))
    parts.table(words("result_table"), [words("figure"), words("before"), words("after")], rows)
    for key, which in (("recomputed", after["recomputed"]), ("stale", after["stale"])):
        labels = parts.names(words, features, which)
        parts.say(words(key, features=labels), *(features[name]["label"] for name in which))


def show() -> None:
    """The page."""
    words, desk, client = state.words(), state.desk(), state.chosen_client()
    features, record = desk.features, desk.record(client)
    st.title(words("what_if_title", client=str(client)))
    application: Application = {"client": client}
    before = desk.score(application, reasons=0)
    st.header(parts.verdict(words, desk, before))
    changeable = [feature for feature in features.values() if feature["change"] != "none"]
    if changeable:
        own = {feature["name"]: record[feature["name"]] for feature in changeable}
        suggestions(words, desk, client, own, features)
        st.header(words("form_title"))
        if changes := form(words, client, record, changeable):
            application["changes"] = changes
            result(words, desk, before, desk.score(application, reasons=0), features)
    else:
        st.info(words("nothing_may_change"))
    st.header(words("curve_title"))
    changed = application.get("changes") or {}
    if changed:
        labels = parts.names(words, features, list(changed))
        parts.say(words("curve_changed", features=labels), *(features[n]["label"] for n in changed))
    else:
        st.markdown(words("curve_as_is"))
    curve.show(words, desk, application, curve.choose(words, features, "curve"))


show()
