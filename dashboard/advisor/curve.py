"""The score of an application along one feature, and where the decision turns."""

from collections.abc import Sequence

import streamlit as st

from advisor import figures, parts
from advisor.answers import Application, Feature, Sensitivity
from advisor.desk import Desk
from advisor.formats import Words, rounded

Rows = list[dict[str, object]]


def usual(feature: Feature) -> tuple[float, float] | None:
    """The range of most of those who paid: 5 to 95 %."""
    quantiles = feature["class0"]["quantiles"]
    return (quantiles["5"], quantiles["95"]) if quantiles else None


def choose(words: Words, features: dict[str, Feature], key: str) -> Feature:
    """The feature along which to look: those that may change come first."""
    names = sorted(features, key=lambda name: features[name]["change"] == "none")
    chosen = st.selectbox(
        words("curve_feature"), names, format_func=lambda name: features[name]["label"], key=key
    )
    return features[chosen]


def show(words: Words, desk: Desk, application: Application, feature: Feature) -> None:
    """The picture, or for categories the table, with what it says in a sentence."""
    found = desk.sensitivity(application, feature["name"])
    limit = desk.facts["threshold"]
    sentence = said(words, feature, found, limit)
    if not found["steps"]:  # nobody's value is known
        parts.say(sentence, feature["label"])
        return
    if feature["kind"] == "number":
        rows, marks = points_of(words, feature, found)
        titles = (parts.titled(feature), words("probability"))
        threshold = (limit, words("threshold_line"))
        parts.picture(figures.curve(rows, titles, threshold, marks), sentence, feature["label"])
        return
    parts.say(sentence, feature["label"])
    rows_of = [
        (words.of(feature, start), words("not_known") if at is None else words.number(at, 4))
        for start, at in found["steps"]
    ]
    parts.table(feature["label"], [words("value"), words("probability")], rows_of)


def said(words: Words, feature: Feature, found: Sensitivity, limit: float) -> str:
    """What the curve shows, in words."""
    value, flip = found["value"], found["flip"]
    sentence = words(
        "curve",
        label=feature["label"],
        value=words.of(feature, value),
        probability=words.number(found["probability"], 4),
        threshold=words.number(limit, 4),
    )
    sentence += " " + (
        words("no_flip")
        if flip is None
        else words("flip", value=words.exactly(feature, beyond(feature, value, flip)))
    )
    return sentence if found["exact"] else sentence + " " + words("not_exact")


def beyond(feature: Feature, value: float | str | None, flip: float | str) -> float | str:
    """A place of few digits at which the decision has turned: away from the own value."""
    if isinstance(flip, str) or feature["kind"] != "number":
        return flip
    return rounded(flip, up=not isinstance(value, float) or flip > value)


def points_of(words: Words, feature: Feature, found: Sensitivity) -> tuple[Rows, Rows]:
    """The steps in the usual range, widened to the own value and the turning point."""
    steps = [(float(x), y) for x, y in found["steps"] if x is not None and y is not None]
    marks: Rows = []
    inside = list(usual(feature) or (steps[0][0], steps[-1][0]))
    for place, text in ((found["value"], "now"), (found["flip"], "turns")):
        if isinstance(place, float):
            marks.append({"x": place, "y": level(steps, place), "text": words(text)})
            inside.append(place)
    low, high = min(inside), max(inside)
    wide = 0.05 * (high - low)
    start, end = low - wide, high + wide
    rows: Rows = [{"x": max(start, steps[0][0]), "y": level(steps, start)}]
    rows += [{"x": x, "y": y} for x, y in steps if start < x < end]
    return [*rows, {"x": end, "y": rows[-1]["y"]}], marks


def level(steps: Sequence[tuple[float, float]], place: float) -> float:
    """The probability at a place; before the first step it is that of the first."""
    return ([y for x, y in steps if x <= place] or [steps[0][1]])[-1]
