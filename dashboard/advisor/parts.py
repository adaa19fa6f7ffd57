"""What several pages show: tables, pictures with their sentence, a decision, an error."""

import re
from collections.abc import Sequence
from html import escape

import streamlit as st

from advisor import figures, state
from advisor.answers import Feature, Score
from advisor.desk import Desk
from advisor.errors import DashboardError
from advisor.formats import MARKS, Words
from advisor.vega import Spec

# A colon begins a directive only before a letter. Others stay: of a control's name, what is escaped
# is read out with its escapes.
MARKDOWN = re.compile(r"([\\`*_\[\]$<>~|#]|:(?=[A-Za-z]))")
BORDER = "border-bottom:1px solid #5a6472;padding:.3rem .6rem;vertical-align:top;"


def plain(text: str) -> str:
    """A text in which nothing is Markdown."""
    return MARKDOWN.sub(r"\\\1", text)


def marked(text: str, *labels: str) -> str:
    """A text as HTML; the data team's words in it say their language where it is another one."""
    language = state.labels_language()
    if language == state.words().language or not (found := [each for each in labels if each]):
        return escape(text, quote=False)
    longest = sorted(found, key=len, reverse=True)
    words = re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in longest))
    pieces, end = [], 0
    for match in words.finditer(text):
        own = escape(match[0], quote=False)
        pieces.append(escape(text[end : match.start()], quote=False))
        pieces.append(f'<span lang="{escape(language)}">{own}</span>')
        end = match.end()
    return "".join(pieces) + escape(text[end:], quote=False)


def say(text: str, *labels: str) -> None:
    """A paragraph, in which some words are the data team's."""
    st.html(f'<p style="margin:0">{marked(text, *labels)}</p>')


def numbered(rows: Sequence[tuple[str, str]]) -> None:
    """A numbered list of the data team's sentences, each with what follows it in ours."""
    items = "".join(
        f"<li>{marked(text, text)} {escape(rest, quote=False)}</li>" for text, rest in rows
    )
    st.html(f'<ol style="margin:0;padding-left:1.6rem">{items}</ol>')


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose first column names the rows."""
    labels = state.desk().labels

    def cell(text: str) -> str:
        return marked(text, text) if text in labels else escape(text, quote=False)

    sides = ["left", *["right"] * (len(head) - 1)]
    columns = "".join(
        f'<th scope="col" style="{BORDER}text-align:{side}">{cell(name)}</th>'
        for side, name in zip(sides, head, strict=True)
    )
    lines = "".join(
        f'<tr><th scope="row" style="{BORDER}text-align:left;font-weight:normal">{cell(first)}</th>'
        + "".join(f'<td style="{BORDER}text-align:right">{cell(each)}</td>' for each in rest)
        + "</tr>"
        for first, *rest in rows
    )
    st.html(
        '<div style="overflow-x:auto" tabindex="0" role="region"'
        f' aria-label="{escape(caption)}"><table style="border-collapse:collapse">'
        f'<caption style="text-align:left;padding:.3rem 0;font-weight:600">{cell(caption)}'
        f"</caption><thead><tr>{columns}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def picture(spec: Spec, sentence: str, *labels: str) -> None:
    """A picture with what it shows in words, beside it and for who does not see it."""
    thousands, decimal = MARKS[state.words().language]
    marks = {"decimal": decimal, "thousands": thousands, "grouping": [3], "currency": ["", ""]}
    localised = {**spec, "config": {**spec["config"], "locale": {"number": marks}}}
    st.vega_lite_chart(localised, theme=None, alt=sentence)
    say(sentence, *labels)


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
    margin, between = score["margin"], abs(share - limit)
    far = words.number(between, 4)
    if score.get("pd") is not None:
        far = words("percentage_points", number=words.number(100 * between, 1))
    if margin is None:
        return words(f"distance_{side}", distance=far)
    return words(f"distance_margin_{side}", distance=far, margin=words.number(abs(margin), 3))


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
    if score.get("pd") is not None:
        label, limit_label = words.percents(share, limit)
        title, form = words("expected_defaults"), figures.PERCENT
        limit_text = words("accepted_up_to", limit=limit_label)
    else:
        label, limit_label = words.number(share, 4), words.number(limit, 4)
        title, form = words("score"), figures.DECIMALS
        limit_text = words("accepted_below", limit=limit_label)
    picture(
        figures.gauge((share, label), (limit, limit_text), title, form),
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


def places(words: Words, score: Score) -> None:
    """The place among earlier clients: a picture and its sentence."""
    st.header(words("position_title"))
    found = score["position"]
    rows = [
        {"name": words(name), "share": share, "text": words.percent(share, 1)}
        for name, share in (("paid", found["class0"]), ("unpaid", found["class1"]))
        if share is not None
    ]
    picture(figures.shares(rows, words("lower_probability")), position(words, score))


def titled(feature: Feature) -> str:
    """A feature's label with its unit."""
    return f"{feature['label']} ({feature['unit']})" if feature["unit"] else feature["label"]


def names(words: Words, features: dict[str, Feature], which: Sequence[str]) -> str:
    """The labels of some features, as a list in a sentence."""
    return ", ".join(features[name]["label"] for name in which) or words("none")
