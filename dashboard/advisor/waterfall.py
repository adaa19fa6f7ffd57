"""The waterfall: contributions of themes, from a base to an application's score."""

import math
from collections.abc import Sequence

import streamlit as st

from advisor import charts, page_elements
from advisor.formats import Words
from advisor.pinned_service import log_odds
from advisor.response_models import Scale, Score

MOST_BARS = 9
Step = tuple[str, float]  # a theme and its contribution


def show(
    words: Words, sentence: str, ends: tuple[str, str], base: float, steps: Sequence[Step],
    score: Score, scale: Scale,
) -> None:  # fmt: skip
    """Show a waterfall, its sentence and a table of all contributions.

    Args:
        words: texts and number formats.
        sentence: key of the text that describes the chart; with `_margin`, of that without the
            threshold, which no margin has.
        ends: names of the first and the last bar.
        base: start of the waterfall.
        steps: contributions, largest first; those after the ninth share one bar.
        score: the application's score.
        scale: unit of base and contributions.
    """
    shown = list(steps[:MOST_BARS])
    if rest := steps[MOST_BARS:]:
        shown.append((words("other_themes"), math.fsum(step for _, step in rest)))
    rows = [bar(ends[0], base, base, "total", words.number(base, 3))]
    reached = base
    for name, step in shown:
        kind = "up" if step > 0 else "down"
        rows.append(bar(name, reached, reached + step, kind, words.number(step, 3, sign=True)))
        reached += step
    rows.append(bar(ends[1], base, reached, "total", words.number(reached, 3)))
    threshold: float | None = score["threshold"] if scale == "probability" else None
    if scale == "log-odds" and 0 < score["threshold"] < 1:
        threshold = log_odds(score["threshold"])
    up = [name for name, step in shown if step > 0][:3]
    down = [name for name, step in shown if step < 0][:3]
    description = words(
        f"{sentence}_margin" if scale == "margin" else sentence,
        base=words.number(base, 3),
        output=words.number(reached, 3),
        up=", ".join(up) or words("none"),
        down=", ".join(down) or words("none"),
        threshold=words("not_known") if threshold is None else words.number(threshold, 3),
    )
    spec = charts.waterfall(rows, words(f"unit_{scale}"), threshold, words("threshold_line"))
    page_elements.chart(spec, description)
    page_elements.table(
        words("themes_table"),
        [words("theme"), words("contribution")],
        [(name, words.number(step, 3, sign=True)) for name, step in steps],
    )


def bar(name: str, start: float, end: float, kind: str, text: str) -> dict[str, object]:
    """A row of the chart."""
    return {"name": name, "start": start, "end": end, "kind": kind, "text": text}


def show_from_reasons(words: Words, score: Score) -> None:
    """Show the waterfall of an application that has no SHAP values: its reasons and the rest.

    It starts from the mean of the peers; in a margin, which the score does not tell, from 0.
    Without finite log-odds, nothing is shown.
    """
    scale, probability = score["contributions_in"], score["probability"]
    if scale == "log-odds" and probability in (0, 1):
        return
    other = score["other"] or 0.0
    found = [(reason["group"], reason["contribution"]) for reason in score["reasons"]]
    base = 0.0
    if scale != "margin":
        output = log_odds(probability) if scale == "log-odds" else probability
        base = output - math.fsum([*(step for _, step in found), other])
    rest = math.fsum([*(step for _, step in found[MOST_BARS - 1 :]), other])
    steps = [*found[: MOST_BARS - 1], (words("other_themes"), rest)]
    st.header(words("waterfall_compared_title"))
    ends = (words("compared_base"), words("this_application"))
    show(words, "waterfall_compared", ends, base, steps, score, scale)
