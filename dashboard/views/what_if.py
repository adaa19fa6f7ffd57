"""What if: other values of what may change, what would be accepted, the score along one feature."""

from collections.abc import Mapping, Sequence

import streamlit as st

from advisor import figures, parts, state
from advisor.answers import Alternative, Application, Feature, Record, Score, Sensitivity, Value
from advisor.desk import Desk
from advisor.formats import Words

STEPS = 100  # of a plus or a minus between the reference quantiles


def key_of(client: int, feature: str) -> str:
    """The key of a feature's control."""
    return f"what_if_{client}_{feature}"


def put(client: int, values: Mapping[str, Value]) -> None:
    """Put values into the form."""
    for name, value in values.items():
        st.session_state[key_of(client, name)] = value


def usual(feature: Feature) -> tuple[float, float] | None:
    """The range of most of those who paid: 5 to 95 %."""
    quantiles = feature["class0"]["quantiles"]
    return (quantiles["5"], quantiles["95"]) if quantiles else None


def control(words: Words, client: int, feature: Feature, value: Value) -> None:
    """The control of one feature."""
    key = key_of(client, feature["name"])
    st.session_state.setdefault(key, value)
    if feature["kind"] == "number":
        span = usual(feature)
        label = parts.titled(feature)
        if span is not None:
            low, high = (words.quantity(end) for end in span)
            label += ". " + words("usual", low=low, high=high)
        step = nice((span[1] - span[0]) / STEPS) if span else 1.0
        st.number_input(
            parts.plain(label),
            value=None,
            step=step,
            format=parts.EXACT,
            key=key,
            persist_state="session",
        )
        return
    shares = feature["class0"]["shares"] or {}
    options: list[Value] = [0.0, 1.0]
    if feature["kind"] == "text":
        options = [*sorted({*shares, str(value or "")} - {""})]
    st.selectbox(
        parts.plain(feature["label"]),
        options,
        index=None,
        format_func=lambda option: words.of(feature, option),
        key=key,
        persist_state="session",
    )


def nice(step: float) -> float:
    """One, ten, a tenth …: the largest that is not above a step."""
    size = 1.0
    while size * 10 <= step:
        size *= 10
    while size > step > 0:
        size /= 10
    return size


def form(
    words: Words, client: int, record: Record, features: Sequence[Feature]
) -> dict[str, Value]:
    """The controls of what may change; the values that differ from the client's own."""
    own = {feature["name"]: record[feature["name"]] for feature in features}
    with st.form("what_if"):
        for feature in features:
            control(words, client, feature, own[feature["name"]])
        st.form_submit_button(words("calculate"), type="primary")
    st.button(words("reset"), on_click=put, args=(client, own), key="reset")
    now = {name: st.session_state[key_of(client, name)] for name in own}
    return {name: value for name, value in now.items() if value != own[name]}


def suggestions(
    words: Words, desk: Desk, client: int, own: Record, features: Mapping[str, Feature]
) -> None:
    """What would turn the decision, each with a button that puts it into the form."""
    found = desk.alternatives(client)
    refused = bool(found["prediction"])
    st.header(words("alternatives_refused" if refused else "alternatives_accepted"))
    if not found["alternatives"]:
        st.markdown(words("no_alternatives"))
    for alternative in found["alternatives"]:
        value = words.of(features[alternative["feature"]], alternative["value"])
        st.markdown(parts.plain(suggestion(words, alternative, value, refused)))
        st.button(
            parts.plain(words("try", label=alternative["label"], value=value)),
            key=f"try_{alternative['feature']}",
            on_click=put,
            args=(client, {**own, alternative["feature"]: alternative["value"]}),
        )
    st.markdown(words("no_promise"))


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
    return sentence if moved is None else f"{sentence} {words('moved', moved=words.percent(moved))}"


def result(
    words: Words, desk: Desk, before: Score, after: Score, features: Mapping[str, Feature]
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
    known = dict(features)
    st.markdown(
        parts.plain(words("recomputed", features=parts.names(words, known, after["recomputed"])))
    )
    st.markdown(parts.plain(words("stale", features=parts.names(words, known, after["stale"]))))


def curve(words: Words, desk: Desk, client: int, feature: Feature, limit: float) -> None:
    """The score for every value of a feature, and where the decision turns."""
    found = desk.sensitivity({"client": client}, feature["name"])
    value, flip = found["value"], found["flip"]
    sentence = words(
        "curve",
        label=feature["label"],
        value=words.of(feature, value),
        probability=words.number(found["probability"], 4),
        threshold=words.number(limit, 4),
    )
    sentence += " " + (
        words("no_flip") if flip is None else words("flip", value=words.of(feature, flip))
    )
    if not found["exact"]:
        sentence += " " + words("not_exact")
    if not found["steps"]:  # nobody's value is known
        st.markdown(parts.plain(sentence))
        return
    if feature["kind"] == "number":
        rows, marks = points_of(words, feature, found)
        titles = (feature["label"], words("probability"))
        parts.picture(
            figures.curve(rows, titles, (limit, words("threshold_line")), marks), sentence
        )
        return
    st.markdown(parts.plain(sentence))
    rows_of = [
        (words.of(feature, start), "" if at is None else words.number(at, 4))
        for start, at in found["steps"]
    ]
    parts.table(feature["label"], [words("value"), words("probability")], rows_of)


def points_of(
    words: Words, feature: Feature, found: Sensitivity
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The steps in the usual range, widened to the client's value and the turning point."""
    steps = [(float(x), y) for x, y in found["steps"] if x is not None and y is not None]
    marks: list[dict[str, object]] = []
    inside = list(usual(feature) or (steps[0][0], steps[-1][0]))
    for place, text in ((found["value"], "now"), (found["flip"], "turns")):
        if isinstance(place, float):
            level = [y for x, y in steps if x <= place] or [steps[0][1]]
            marks.append({"x": place, "y": level[-1], "text": words(text)})
            inside.append(place)
    low, high = min(inside), max(inside)
    wide = 0.05 * (high - low)
    start, end = low - wide, high + wide
    before = [y for x, y in steps if x <= start] or [steps[0][1]]
    rows: list[dict[str, object]] = [{"x": max(start, steps[0][0]), "y": before[-1]}]
    rows += [{"x": x, "y": y} for x, y in steps if start < x < end]
    return [*rows, {"x": min(end, max(end, steps[0][0])), "y": rows[-1]["y"]}], marks


def show() -> None:
    """The page."""
    words, desk, client = state.words(), state.desk(), state.chosen_client()
    features, record = desk.features(), desk.record(client)
    st.title(words("what_if_title", client=str(client)))
    before = desk.score({"client": client}, reasons=0)
    st.header(parts.verdict(words, desk, before))
    changeable = [feature for feature in features.values() if feature["change"] != "none"]
    if changeable:
        own = {feature["name"]: record[feature["name"]] for feature in changeable}
        suggestions(words, desk, client, own, features)
        st.header(words("form_title"))
        if changes := form(words, client, record, changeable):
            application: Application = {"client": client, "changes": changes}
            result(words, desk, before, desk.score(application, reasons=0), features)
    else:
        st.info(words("nothing_may_change"))
    st.header(words("curve_title"))
    names = [feature["name"] for feature in changeable]
    chosen = st.selectbox(
        words("curve_feature"),
        names + [name for name in features if name not in names],
        format_func=lambda name: features[name]["label"],
        key="curve",
    )
    curve(words, desk, client, features[chosen], before["threshold"])


show()
