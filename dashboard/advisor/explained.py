"""Reasons in words, and the waterfall from others' score to an application's."""

import math
from collections.abc import Sequence

import streamlit as st

from advisor import figures, parts, state
from advisor.answers import Feature, Reason, Score
from advisor.client import Compare
from advisor.desk import log_odds
from advisor.formats import Words

MOST_REASONS = 10  # that the service gives
IN_WORDS = 4  # that a letter would give
MOST_BARS = 9
COMPARED = "compare_with"
Step = tuple[str, float]  # a theme and its contribution


def choose_compared(words: Words) -> Compare:
    """With whom the reasons compare; the choice holds from page to page."""
    state.keep_choice(words, COMPARED)
    chosen: Compare = st.radio(
        words("compare_with"),
        ("near", "all"),
        format_func=lambda key: words(f"compare_{key}"),
        key=COMPARED,
        persist_state="session",
    )
    return chosen


def reasons(words: Words, score: Score, features: dict[str, Feature]) -> None:
    """The reasons in words, each with its features."""
    st.header(words("reasons_title"))
    unit = score["contributions_in"]
    given = score["reasons"][:IN_WORDS]
    if given:
        parts.numbered(
            [(reason["text"], reason_rest(words, reason, unit)) for reason in given],
        )
    else:
        st.markdown(words("no_reasons"))
    left = math.fsum(reason["contribution"] for reason in score["reasons"][IN_WORDS:])
    other = words.number(left + (score["other"] or 0.0), 3, sign=True)
    st.markdown(parts.plain(words("other_reasons", other=other, unit=words(f"unit_{unit}"))))
    for reason in given:
        with st.expander(parts.plain(words("reason_features", group=reason["group"]))):
            reason_table(words, reason, features)


def reason_rest(words: Words, reason: Reason, unit: str) -> str:
    """What stands behind a reason's text."""
    contribution = words.number(reason["contribution"], 3, sign=True)
    rest = f"({contribution} {words(f'unit_{unit}')})"
    return rest + " " + words("reason_protected") if reason["protected"] else rest


def reason_table(words: Words, reason: Reason, features: dict[str, Feature]) -> None:
    """The features that had most part in a reason, beside those compared with."""
    rows = []
    for part in reason["features"]:
        kind = features[part["name"]]["kind"] if part["name"] in features else "number"
        median = part["median"]
        rows.append(
            (
                part["label"],
                words.value(part["value"], part["unit"], kind),
                "" if median is None else words.value(median, part["unit"], kind),
                words.number(part["contribution"], 3, sign=True),
            )
        )
    head = [words(key) for key in ("feature", "value", "median", "contribution")]
    parts.table(reason["group"], head, rows)


def waterfall(
    words: Words, sentence: str, ends: tuple[str, str], base: float, steps: Sequence[Step],
    score: Score, scale: str,
) -> None:  # fmt: skip
    """From a score to an application's, step by step.

    Args:
        words: of the interface.
        sentence: the key of the text that says what is shown.
        ends: what the first and the last bar are called.
        base: where it starts.
        steps: the largest first; what is beyond the few that have bars is one bar.
        score: of the application.
        scale: what all are in, log-odds or probability.
    """
    shown = list(steps[:MOST_BARS])
    if rest := steps[MOST_BARS:]:
        shown.append((words("other_themes"), math.fsum(step for _, step in rest)))
    rows = [total(words, ends[0], base, base)]
    reached = base
    for name, step in shown:
        rows.append(bar(words, name, reached, step))
        reached += step
    rows.append(total(words, ends[1], base, reached))
    threshold = score["threshold"]
    place: float | None = threshold
    if scale == "log-odds":
        place = log_odds(threshold) if 0 < threshold < 1 else None
    up = [name for name, step in shown if step > 0][:3]
    down = [name for name, step in shown if step < 0][:3]
    said = words(
        sentence,
        base=words.number(base, 3),
        output=words.number(reached, 3),
        up=", ".join(up) or words("none"),
        down=", ".join(down) or words("none"),
        threshold=words("not_known") if place is None else words.number(place, 3),
    )
    spec = figures.waterfall(rows, words(f"unit_{scale}"), place, words("threshold_line"))
    parts.picture(spec, said)
    parts.table(
        words("themes_table"),
        [words("theme"), words("contribution")],
        [(name, words.number(step, 3, sign=True)) for name, step in steps],
    )


def bar(words: Words, name: str, start: float, step: float) -> dict[str, object]:
    """A bar of the waterfall."""
    return {
        "name": name,
        "start": start,
        "end": start + step,
        "kind": "up" if step > 0 else "down",
        "text": words.number(step, 3, sign=True),
    }


def total(words: Words, name: str, base: float, value: float) -> dict[str, object]:
    """The first or the last bar."""
    return {
        "name": name,
        "start": base,
        "end": value,
        "kind": "total",
        "text": words.number(value, 3),
    }


def by_reasons(words: Words, score: Score) -> None:
    """The waterfall of an application that has no SHAP values of its own: reasons and the rest.

    It starts from the mean of those compared with, of which reasons and rest are the difference.
    """
    scale, probability = score["contributions_in"], score["probability"]
    if scale == "log-odds" and probability in (0, 1):
        return  # no number stands for it
    output = log_odds(probability) if scale == "log-odds" else probability
    other = score["other"] or 0.0
    found = [(reason["group"], reason["contribution"]) for reason in score["reasons"]]
    base = output - math.fsum([*(step for _, step in found), other])
    named = found[: MOST_BARS - 1]
    left = math.fsum([*(step for _, step in found[MOST_BARS - 1 :]), other])
    steps = [*named, (words("other_themes"), left)]
    st.header(words("waterfall_compared_title"))
    ends = (words("compared_base"), words("this_application"))
    waterfall(words, "waterfall_compared", ends, base, steps, score, scale)
