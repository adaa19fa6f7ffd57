"""Elements of a page: paragraphs, lists, tables, charts and errors.

Labels, themes and reasons are the data team's words, in the language of features.csv. If the
interface speaks another language, each is tagged with its own for screen readers.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import streamlit as st

from advisor import session
from advisor.errors import DashboardError
from advisor.formats import SEPARATORS, Words
from advisor.response_models import ClientId, Feature
from advisor.vega import Spec

# A colon begins a directive only before a letter. Other colons are not escaped: screen readers
# read a control's label with its escapes.
MARKDOWN = re.compile(r"([\\`*_\[\]$<>~|#]|:(?=[A-Za-z]))")
CELL = "border-bottom:1px solid #5a6472;padding:.3rem .6rem;vertical-align:top;"


def plain(text: str) -> str:
    """A text whose Markdown is escaped."""
    return MARKDOWN.sub(r"\\\1", text)


def plain_id(client: ClientId) -> str:
    """A client's id whose Markdown is escaped."""
    return plain(str(client))


def tagged(text: str, *labels: str) -> str:
    """A text as HTML, in which the given labels carry their language if it is another one."""
    language = session.labels_language()
    if language == session.words().language or not (found := [each for each in labels if each]):
        return escape(text, quote=False)
    longest_first = "|".join(map(re.escape, sorted(found, key=len, reverse=True)))
    parts = [
        escape(part, quote=False) for part in re.split(rf"(?<!\w)({longest_first})(?!\w)", text)
    ]
    parts[1::2] = [f'<span lang="{escape(language)}">{part}</span>' for part in parts[1::2]]
    return "".join(parts)


def paragraph(text: str, *labels: str) -> None:
    """Show a paragraph in which some words are labels."""
    st.html(f'<p style="margin:0">{tagged(text, *labels)}</p>')


def quotation(text: str) -> None:
    """Show a person's own words, with their line ends."""
    style = "margin:0;padding-left:1rem;border-left:3px solid #6b7684;white-space:pre-line"
    st.html(f'<blockquote style="{style}">{escape(text, quote=False)}</blockquote>')


def numbered_list(rows: Iterable[tuple[str, str]]) -> None:
    """Show a numbered list: each item is a sentence of the data team and one of the interface."""
    items = "".join(
        f"<li>{tagged(text, text)} {escape(rest, quote=False)}</li>" for text, rest in rows
    )
    st.html(f'<ol style="margin:0;padding-left:1.6rem">{items}</ol>')


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show a table whose first column names the rows."""
    labels = session.service().labels

    def cell(text: str) -> str:
        return tagged(text, text) if text in labels else escape(text, quote=False)

    sides = ["left", *["right"] * (len(head) - 1)]
    header = "".join(
        f'<th scope="col" style="{CELL}text-align:{side}">{cell(name)}</th>'
        for side, name in zip(sides, head, strict=True)
    )
    body = "".join(
        f'<tr><th scope="row" style="{CELL}text-align:left;font-weight:normal">{cell(first)}</th>'
        + "".join(f'<td style="{CELL}text-align:right">{cell(each)}</td>' for each in rest)
        + "</tr>"
        for first, *rest in rows
    )
    st.html(
        '<div style="overflow-x:auto" tabindex="0" role="region"'
        f' aria-label="{escape(caption)}"><table style="border-collapse:collapse">'
        f'<caption style="text-align:left;padding:.3rem 0;font-weight:600">{cell(caption)}'
        f"</caption><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def chart(spec: Spec, sentence: str, *labels: str) -> None:
    """Show a chart, and the sentence that describes it: as its alternative text and below it."""
    thousands, decimal = SEPARATORS[session.words().language]
    separators = {
        "decimal": decimal, "thousands": thousands, "grouping": [3], "currency": ["", ""],
    }  # fmt: skip
    localised = {**spec, "config": {**spec["config"], "locale": {"number": separators}}}
    st.vega_lite_chart(localised, theme=None, alt=sentence)
    paragraph(sentence, *labels)


def error(words: Words, error: DashboardError) -> None:
    """Show a failure in a sentence, the next step, and a button that tries again."""
    failure(words, error, words(f"way_{error.key}", detail=error.detail))
    st.button(words("again"), key="again")


def failure(words: Words, error: DashboardError, next_step: str) -> None:
    """Show a failure in a sentence, and the next step."""
    st.error(plain(words(f"error_{error.key}", detail=error.detail)))
    st.markdown(plain(next_step))


def label_with_unit(feature: Feature) -> str:
    """A feature's label, with the unit in brackets."""
    return f"{feature['label']} ({feature['unit']})" if feature["unit"] else feature["label"]


def label_list(words: Words, features: Mapping[str, Feature], names: Iterable[str]) -> str:
    """The labels of some features, separated by commas."""
    return ", ".join(features[name]["label"] for name in names) or words("none")
