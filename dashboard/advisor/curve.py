"""The score of an application along one feature, and where the decision turns."""

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

from advisor import figures, parts
from advisor.answers import Application, Feature, Sensitivity, Value
from advisor.cells import known_categories
from advisor.desk import Desk
from advisor.formats import Words, rounded

Rows = list[dict[str, object]]
Probability = TypeVar("Probability", float, float | None)


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
        (words.of(feature, value), words("not_known") if at is None else words.number(at, 4))
        for value, at in categories(feature, found)
    ]
    parts.table(feature["label"], [words("value"), words("probability")], rows_of)


def said(words: Words, feature: Feature, found: Sensitivity, limit: float) -> str:
    """What the curve shows, in words."""
    value, turned = found["value"], turn(feature, found, limit)
    sentence = words(
        "curve",
        label=feature["label"],
        value=words.of(feature, value),
        probability=words.number(found["probability"], 4),
        threshold=words.number(limit, 4),
    )
    sentence += " " + (
        words("no_flip") if turned is None else words("flip", value=words.exactly(feature, turned))
    )
    return sentence if found["exact"] else sentence + " " + words("not_exact")


def categories(feature: Feature, found: Sensitivity) -> Sequence[tuple[Value, float | None]]:
    """The score of each category; of a flag, whose steps begin between its values, at each value.

    The values of a flag are those of earlier clients and the own one.
    """
    if feature["kind"] == "text":
        return found["steps"]
    own = [found["value"]] if isinstance(found["value"], float) else []
    known = [float(category) for category in known_categories(feature)]
    return [
        (at, found["probability"] if at in own else level(numbers_of(found), at))
        for at in sorted({*known, *own})
    ]


def turn(feature: Feature, found: Sensitivity, limit: float) -> Value:
    """A place of few digits at which the decision has turned, None without one."""
    value, flip = found["value"], found["flip"]
    if not isinstance(flip, float):
        return flip
    own = value if isinstance(value, float) else None
    if feature["kind"] == "flag":
        turned = [
            at
            for at, probability in categories(feature, found)
            if isinstance(at, float)
            and probability is not None
            and (probability >= limit) != (found["probability"] >= limit)
        ]
        if turned:
            return min(turned, key=lambda at: abs(at - (own or 0.0)))
    return rounded(flip, up=own is None or flip > own)


def numbers_of(found: Sensitivity) -> list[tuple[float, float | None]]:
    """The steps of a feature that is not text."""
    return [(float(x), y) for x, y in found["steps"] if x is not None]


def points_of(words: Words, feature: Feature, found: Sensitivity) -> tuple[Rows, Rows]:
    """The steps in the usual range, widened to the own value and the turning point."""
    steps = [(x, y) for x, y in numbers_of(found) if y is not None]
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


def level(steps: Sequence[tuple[float, Probability]], place: float) -> Probability:
    """The probability at a place; before the first step it is that of the first."""
    return ([y for x, y in steps if x <= place] or [steps[0][1]])[-1]
