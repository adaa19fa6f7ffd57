"""What several pages show: tables, pictures with their sentence, a decision, an error."""

import re
from collections.abc import Sequence
from html import escape

import streamlit as st

from advisor import figures, state
from advisor.answers import Feature, Reason, Score
from advisor.desk import Desk
from advisor.errors import DashboardError
from advisor.formats import MARKS, Words
from advisor.vega import Spec

MARKDOWN = re.compile(r"([\\`*_\[\]$<>~|:#])")
EXACT = "%.12g"  # of a number in a form: no digit that a what-if needs is dropped
BORDER = "border-bottom:1px solid #5a6472;padding:.3rem .6rem;vertical-align:top;"


def plain(text: str) -> str:
    """A text in which nothing is Markdown."""
    return MARKDOWN.sub(r"\\\1", text)


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose first column names the rows."""
    columns = "".join(
        f'<th scope="col" style="{BORDER}text-align:left">{escape(name)}</th>' for name in head
    )
    lines = "".join(
        f'<tr><th scope="row" style="{BORDER}text-align:left;font-weight:normal">{escape(first)}'
        "</th>"
        + "".join(f'<td style="{BORDER}text-align:right">{escape(cell)}</td>' for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    st.html(
        '<div style="overflow-x:auto" tabindex="0" role="region"'
        f' aria-label="{escape(caption)}"><table style="border-collapse:collapse">'
        f'<caption style="text-align:left;padding:.3rem 0;font-weight:600">{escape(caption)}'
        f"</caption><thead><tr>{columns}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def picture(spec: Spec, sentence: str) -> None:
    """A picture with what it shows in words, beside it and for who does not see it."""
    thousands, decimal = MARKS[state.words().language]
    marks = {"decimal": decimal, "thousands": thousands, "grouping": [3], "currency": ["", ""]}
    localised = {**spec, "config": {**spec["config"], "locale": {"number": marks}}}
    st.vega_lite_chart(localised, theme=None, alt=sentence)
    st.markdown(plain(sentence))


def error(words: Words, error: DashboardError) -> None:
    """What went wrong in a sentence, and a way on."""
    detail = error.detail
    st.error(plain(words(f"error_{error.key}", detail=detail)))
    st.markdown(plain(words(f"way_{error.key}", detail=detail)))
    st.button(words("again"), key="again")


def verdict(words: Words, desk: Desk, score: Score) -> str:
    """The decision in a sentence."""
    kind = "refused" if score["prediction"] else "accepted"
    pd = score.get("pd")
    if pd is None:
        threshold, probability = score["threshold"], score["probability"]
        return words(
            f"{kind}_by_score",
            score=words.number(probability, 4),
            threshold=words.number(threshold, 4),
        )
    share, limit = words.percents(pd, desk.limit())
    return words(f"{kind}_by_pd", pd=share, limit=limit)


def shown_share(score: Score, desk: Desk) -> tuple[float, float]:
    """What the gauge shows, and its limit: expected defaults, else the score."""
    pd = score.get("pd")
    return (score["probability"], score["threshold"]) if pd is None else (pd, desk.limit())


def distance(words: Words, desk: Desk, score: Score) -> str:
    """How far from the threshold an application is."""
    share, limit = shown_share(score, desk)
    side = "above" if score["prediction"] else "below"
    margin = score["margin"]
    points = words.number(100 * abs(share - limit), 1)
    if margin is None:
        return words(f"distance_{side}", points=points)
    return words(f"distance_margin_{side}", points=points, margin=words.number(abs(margin), 3))


def position(words: Words, score: Score) -> str:
    """The place among earlier clients in a sentence."""
    found = score["position"]
    shares = [
        words("not_known") if share is None else words.percent(share, 1)
        for share in (found["class0"], found["class1"])
    ]
    return words("position", paid=shares[0], unpaid=shares[1])


def decision(words: Words, desk: Desk, score: Score) -> None:
    """The decision: a sentence, a gauge, figures."""
    st.header(verdict(words, desk, score))
    share, limit = shown_share(score, desk)
    label, limit_label = words.percents(share, limit)
    calibrated = score.get("pd") is not None
    title = words("expected_defaults" if calibrated else "score")
    picture(
        figures.gauge(share, limit, label, words("accepted_up_to", limit=limit_label), title),
        words("gauge", share=label, limit=limit_label, title=title)
        + " "
        + distance(words, desk, score),
    )
    rows = [
        (words("probability"), words.number(score["probability"], 4)),
        (words("threshold"), words.number(score["threshold"], 4)),
    ]
    if (points := score.get("points")) is not None:
        rows.append((words("points"), words.number(points)))
    if (grade := score.get("grade")) is not None:
        rows.append((words("grade"), grade))
    table(words("figures"), [words("figure"), words("value")], rows)


def reason_texts(words: Words, reasons: Sequence[Reason], unit: str) -> list[str]:
    """Each reason in a sentence, with the value that had most part in it."""
    texts = []
    for reason in reasons:
        text = words(
            "reason",
            text=reason["text"],
            contribution=words.number(reason["contribution"], 3, sign=True),
            unit=words(f"unit_{unit}"),
        )
        texts.append(text + (" " + words("reason_protected") if reason["protected"] else ""))
    return texts


def titled(feature: Feature) -> str:
    """A feature's label with its unit."""
    return f"{feature['label']} ({feature['unit']})" if feature["unit"] else feature["label"]


def names(words: Words, features: dict[str, Feature], which: Sequence[str]) -> str:
    """The labels of some features, as a list in a sentence."""
    return ", ".join(features[name]["label"] for name in which) or words("none")
