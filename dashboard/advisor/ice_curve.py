"""The ICE curve: an application's score along one feature, and where the decision turns."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeVar

import streamlit as st

from advisor import charts, page_elements
from advisor.csv_cells import known_categories
from advisor.feature_axis import FeatureAxis, axis_of
from advisor.formats import Words, rounded
from advisor.pinned_service import PinnedService, log_odds
from advisor.response_models import Application, Feature, Sensitivity, Value

LINE_PARTS = 100  # of the drawn part of a line
Rows = list[dict[str, Any]]
Probability = TypeVar("Probability", float, float | None)


def usual_range(feature: Feature) -> tuple[float, float] | None:
    """The 5 % and 95 % quantiles among the clients who paid; None without quantiles."""
    quantiles = feature["class0"]["quantiles"]
    return (quantiles["5"], quantiles["95"]) if quantiles else None


def choose_feature(words: Words, features: dict[str, Feature], key: str) -> Feature:
    """Show the choice of a feature, changeable ones first, and return the chosen one."""
    names = sorted(features, key=lambda name: features[name]["change"] == "none")
    chosen = st.selectbox(
        words("curve_feature"), names, format_func=lambda name: features[name]["label"], key=key
    )
    return features[chosen]


def show(words: Words, service: PinnedService, application: Application, feature: Feature) -> None:
    """Show the curve's sentence, and the curve of a number or the table of categories."""
    found = service.sensitivity(application, feature["name"])
    limit = service.facts["threshold"]
    sentence = description(words, feature, found, limit)
    if not found["steps"]:  # no reference client has a known value
        page_elements.paragraph(sentence, feature["label"])
    elif feature["kind"] == "number":
        rows, marks = curve_rows(words, feature, found)
        axis = axis_of(words, feature, [row["x"] for row in (*rows, *marks)])
        titles = axis.title, words("probability")
        spec = charts.ice_curve(
            [{**row, "x": axis.at(row["x"])} for row in rows],
            titles,
            (limit, words("threshold_line")),
            [{**mark, "x": axis.at(mark["x"])} for mark in marks],
            interpolation(found, axis),
        )
        page_elements.chart(spec, sentence, feature["label"])
    else:
        page_elements.paragraph(sentence, feature["label"])
        cells = [
            (
                words.feature_value(feature, value),
                words("not_known") if probability is None else words.number(probability, 4),
            )
            for value, probability in category_scores(feature, found)
        ]
        page_elements.table(feature["label"], [words("value"), words("probability")], cells)


def interpolation(found: Sensitivity, axis: FeatureAxis) -> charts.Interpolation:
    """The form of the curve between two of its rows."""
    if found["shape"] == "line":
        return "linear"
    return "step-before" if axis.scale.is_turned else "step-after"


def description(words: Words, feature: Feature, found: Sensitivity, limit: float) -> str:
    """The curve in words: the present score, the turning point, a note if steps may be missing."""
    turned = turning_point(feature, found, limit)
    sentences = [
        words(
            "curve",
            label=feature["label"],
            value=words.feature_value(feature, found["value"]),
            probability=words.number(found["probability"], 4),
            threshold=words.number(limit, 4),
        ),
        words("no_flip")
        if turned is None
        else words("flip", value=words.exact_value(feature, turned)),
    ]
    if not found["exact"]:
        shape = found["shape"]
        sentences.append(words(f"not_exact_{shape}"))
    return " ".join(sentences)


def category_scores(feature: Feature, found: Sensitivity) -> Sequence[tuple[Value, float | None]]:
    """Each category and its score.

    The steps of a flag begin between its values, so they are read at each value: those of the
    reference clients and the client's own.
    """
    if feature["kind"] == "text":
        return found["steps"]
    own = [found["value"]] if isinstance(found["value"], float) else []
    known = [float(category) for category in known_categories(feature)]
    return [
        (value, found["probability"] if value in own else score_at(found, value))
        for value in sorted({*known, *own})
    ]


def turning_point(feature: Feature, found: Sensitivity, limit: float) -> Value:
    """The nearest value of few digits at which the decision has turned; None if it never does."""
    value, flip = found["value"], found["flip"]
    if not isinstance(flip, float):
        return flip
    own = value if isinstance(value, float) else None
    if feature["kind"] == "flag":
        turned = [
            each
            for each, probability in category_scores(feature, found)
            if isinstance(each, float)
            and probability is not None
            and (probability >= limit) != (found["probability"] >= limit)
        ]
        if turned:
            return min(turned, key=lambda each: abs(each - (own or 0.0)))
    return rounded(flip, up=own is None or flip > own)


def curve_rows(words: Words, feature: Feature, found: Sensitivity) -> tuple[Rows, Rows]:
    """Rows of the curve, and marks of the client's own value and the turning point.

    The curve covers the usual range, widened to the marks and a margin of 5 %. A line, which bends
    between its knots as probabilities do, has rows between them.
    """
    steps = [(x, y) for x, y in number_steps(found) if y is not None]
    marks: Rows = []
    covered = list(usual_range(feature) or (steps[0][0], steps[-1][0]))
    for value, key in ((found["value"], "now"), (found["flip"], "turns")):
        if isinstance(value, float):
            marks.append({"x": value, "y": score_at(found, value), "text": words(key)})
            covered.append(value)
    margin = 0.05 * (max(covered) - min(covered))
    start, end = min(covered) - margin, max(covered) + margin
    if found["shape"] == "line":
        start, end = max(start, steps[0][0]), min(end, steps[-1][0])
        between = [start + (end - start) * part / LINE_PARTS for part in range(LINE_PARTS + 1)]
        values = sorted({*between, *(x for x, _ in steps if start < x < end)})
        scores = [(x, score_at(found, x)) for x in values]
        return [{"x": x, "y": y} for x, y in scores if y is not None], marks
    rows: Rows = [{"x": max(start, steps[0][0]), "y": level(steps, start)}]
    rows += [{"x": x, "y": y} for x, y in steps if start < x < end]
    return [*rows, {"x": end, "y": rows[-1]["y"]}], marks


def number_steps(found: Sensitivity) -> list[tuple[float, float | None]]:
    """The steps of a number or a flag, without that of a missing value."""
    return [(float(x), y) for x, y in found["steps"] if x is not None]


def score_at(found: Sensitivity, value: float) -> float | None:
    """The probability at a value of a number or a flag; None if the model refuses the value."""
    steps = number_steps(found)
    if found["shape"] == "line":
        for (x, y), (next_x, next_y) in pairwise(steps):
            if x <= value < next_x and y is not None and next_y is not None:
                share = (value - x) / (next_x - x)
                return between_knots(y, next_y, share)
    return level(steps, value)


def between_knots(one: float, other: float, share: float) -> float:
    """The probability at a share of the way between two, by the line of their log-odds."""
    if one in (0, 1) or other in (0, 1):  # their log-odds are lost, and any line is as good
        return one + (other - one) * share
    start, end = log_odds(one), log_odds(other)
    return (1 + math.tanh((start + (end - start) * share) / 2)) / 2


def level(steps: Sequence[tuple[float, Probability]], value: float) -> Probability:
    """The probability at a value; below the first step, that of the first step."""
    return ([y for x, y in steps if x <= value] or [steps[0][1]])[-1]
