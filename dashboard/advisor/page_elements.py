"""Elements of a page: paragraphs, lists, tables, charts and errors.

Labels, themes and reasons are the data team's words, in the language of features.csv. If the
interface speaks another language, each is tagged with its own for screen readers.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from advisor import session
from advisor.formatting.display_scale import scale_of
from advisor.formatting.formats import PERCENT, SEPARATORS, Words
from advisor.service_client.errors import DashboardError
from advisor.service_client.response_models import ClientId, Feature
from advisor.vega_lite.vega import Spec

# A colon begins a directive only before a letter. Other colons are not escaped: screen readers
# read a control's label with its escapes.
MARKDOWN = re.compile(r"([\\`*_\[\]$<>~|#]|:(?=[A-Za-z]))")


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


def quotation(text: str) -> str:
    """HTML of a person's own words, with their line ends."""
    return f'<blockquote class="desk-quotation">{escape(text, quote=False)}</blockquote>'


def numbered_list(rows: Iterable[tuple[str, str]]) -> None:
    """Show a numbered list: each item is a sentence of the data team and one of the interface."""
    items = "".join(
        f"<li>{tagged(text, text)} {escape(rest, quote=False)}</li>" for text, rest in rows
    )
    st.html(f'<ol style="margin:0;padding-left:1.6rem">{items}</ol>')


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show a table whose first column names the rows."""
    st.html(table_html(caption, head, rows))


def table_html(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """HTML of a table whose first column names the rows."""
    labels = session.service().labels

    def cell(text: str) -> str:
        return tagged(text, text) if text in labels else escape(text, quote=False)

    header = "".join(f'<th scope="col">{cell(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{cell(first)}</th>'
        + "".join(f"<td>{cell(each)}</td>" for each in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="desk-table" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table style="--columns:{len(head)}"><caption>{cell(caption)}</caption>'
        f"<thead><tr>{header}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Show names and their values, in as many columns as fit."""
    st.html(facts_html(rows))


def facts_html(rows: Iterable[tuple[str, str]]) -> str:
    """HTML of names and their values, in as many columns as fit."""
    items = "".join(
        f"<div><dt>{tagged(name, name)}</dt><dd>{escape(value, quote=False)}</dd></div>"
        for name, value in rows
    )
    return f'<dl class="desk-facts">{items}</dl>'


def chart(spec: Spec, sentence: str, *labels: str) -> None:
    """Show a chart, and the sentence that describes it: as its alternative text and below it."""
    picture(spec, sentence)
    paragraph(sentence, *labels)


def picture(spec: Spec, sentence: str) -> None:
    """Show a chart; a sentence that the page tells elsewhere is its alternative text."""
    thousands, decimal = SEPARATORS[session.words().language]
    separators = {
        "decimal": decimal, "thousands": thousands, "grouping": [3], "currency": ["", ""],
    }  # fmt: skip
    localised = {**spec, "config": {**spec["config"], "locale": {"number": separators}}}
    st.vega_lite_chart(localised, theme=None, alt=sentence)


def text_and_picture(key: str) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Places for sentences and for charts: beside each other, or one column in a narrow window."""
    with st.container(key=f"stacking_{key}"):
        text, picture = st.columns([2, 3], gap="large")
    return text, picture


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
    unit = PERCENT if scale_of(feature).is_percent else feature["unit"]
    return f"{feature['label']} ({unit})" if unit else feature["label"]


def label_list(words: Words, features: Mapping[str, Feature], names: Iterable[str]) -> str:
    """The labels of some features, separated by commas."""
    return ", ".join(features[name]["label"] for name in names) or words("none")
