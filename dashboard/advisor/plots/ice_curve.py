"""The ICE curve: an application's risk score along one feature, and where the decision turns."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeVar

import streamlit as st

from advisor import page_elements
from advisor.formatting.csv_cells import known_categories
from advisor.formatting.display_scale import scale_of
from advisor.formatting.formats import Words
from advisor.plots.feature_axis import FeatureAxis, axis_of
from advisor.service_client.pinned_service import PinnedService, log_odds
from advisor.service_client.response_models import Application, Feature, Sensitivity, Value
from advisor.simulation.turning_points import Stretch, stretches
from advisor.simulation.values import usual_range, without_unit
from advisor.statements import decision
from advisor.vega_lite import charts
from advisor.vega_lite.vega import Spec

LINE_PARTS = 100  # of the drawn part of a line
Rows = list[dict[str, Any]]
Probability = TypeVar("Probability", float, float | None)


def choose_feature(words: Words, features: dict[str, Feature], key: str) -> Feature:
    """Show the choice of a feature, changeable ones first, and return the chosen one."""
    names = sorted(features, key=lambda name: features[name]["change"] == "none")
    chosen = st.selectbox(
        words("curve_title"),
        names,
        format_func=lambda name: features[name]["label"],
        key=key,
        label_visibility="collapsed",
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
        page_elements.paragraph(sentence, feature["label"])
        page_elements.picture(chart(words, feature, found, limit), sentence)
    else:
        page_elements.paragraph(sentence, feature["label"])
        cells = [
            (
                words.feature_value(feature, value),
                words("not_known")
                if probability is None
                else decision.risk_texts(words, limit, probability)[0],
            )
            for value, probability in category_scores(feature, found)
        ]
        page_elements.table(feature["label"], [words("value"), words("risk_score")], cells)


def chart(words: Words, feature: Feature, found: Sensitivity, limit: float) -> Spec:
    """The curve of a number: its risk score from 0 to 100, the limit and the marks."""
    rows, marks = curve_rows(words, feature, found)
    axis = axis_of(words, feature, [row["x"] for row in (*rows, *marks)])

    def placed(points: Rows) -> Rows:
        return [{**each, "x": axis.at(each["x"]), "y": 100 * each["y"]} for each in points]

    _, written = decision.risk_texts(words, limit, found["probability"])
    return charts.ice_curve(
        placed(rows),
        (axis.title, words("risk_score")),
        (100 * limit, words("axis_limit", limit=written)),
        placed(marks),
        interpolation(found, axis),
    )


def interpolation(found: Sensitivity, axis: FeatureAxis) -> charts.Interpolation:
    """The form of the curve between two of its rows."""
    if found["shape"] == "line":
        return "linear"
    return "step-before" if axis.scale.is_turned else "step-after"


def description(words: Words, feature: Feature, found: Sensitivity, limit: float) -> str:
    """The curve in words: present risk score, turning points, and a note on values only tried.

    Args:
        words: texts and number formats.
        feature: the feature of the curve.
        found: the curve.
        limit: the lowest probability that is refused.
    """
    score, threshold = decision.risk_texts(words, limit, found["probability"])
    sentences = [
        words(
            "curve",
            label=feature["label"],
            value=words.feature_value(feature, found["value"]),
            score=score,
            limit=threshold,
        ),
        accepted_numbers(words, feature, found, limit)
        if feature["kind"] == "number"
        else accepted_categories(words, feature, found, limit),
    ]
    if not found["exact"]:
        shape = found["shape"]
        sentences.append(words(f"not_exact_{shape}"))
    return " ".join(sentences)


def accepted_numbers(words: Words, feature: Feature, found: Sensitivity, limit: float) -> str:
    """The stretches of accepted numbers in a sentence; each written number is accepted."""
    parts = stretches(found, limit)
    accepted = [each for each in parts if each.refused is False]
    if len({each.refused for each in parts} - {None}) < 2:
        return words("no_flip")
    is_turned = scale_of(feature).is_turned
    ranges = [stretch_text(words, feature, each) for each in accepted]
    return words("accepted_ranges", ranges=", ".join(reversed(ranges) if is_turned else ranges))


def stretch_text(words: Words, feature: Feature, stretch: Stretch) -> str:
    """The first and the last number of a stretch, the lower shown one first."""
    first, last = stretch.written()
    if scale_of(feature).is_turned:
        first, last = last, first
    low, high = (
        "" if end is None else words.exact_value(without_unit(feature), end)
        for end in (first, last)
    )
    if low and high:
        return words("stretch", low=low, high=high)
    return words("stretch_from", low=low) if low else words("stretch_to", high=high)


def accepted_categories(words: Words, feature: Feature, found: Sensitivity, limit: float) -> str:
    """The accepted and the refused categories in a sentence."""
    scores = [(each, y) for each, y in category_scores(feature, found) if y is not None]
    refused = [words.feature_value(feature, each) for each, y in scores if y >= limit]
    accepted = [words.feature_value(feature, each) for each, y in scores if y < limit]
    if not refused or not accepted:
        return words("no_flip")
    return words("accepted_categories", accepted=", ".join(accepted), refused=", ".join(refused))


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
