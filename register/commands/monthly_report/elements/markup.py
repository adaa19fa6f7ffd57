"""Elements of the page: text is escaped here, charts come as SVG elements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

SHORT = 24  # characters of a row's name that stay on one line
BLANK = "(blank)"  # name of a row whose own name has no visible character
LONG = 40  # rows that fit on a printed page


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its header.
        is_number: true if its cells are aligned to the right.
    """

    title: str
    is_number: bool = True


@dataclass(frozen=True)
class Definition:
    """The definition of a figure.

    Attributes:
        term: its name on the page.
        text: the definition, in sentences.
        source: where it comes from; empty for a plain count or share.
    """

    term: str
    text: str
    source: str = ""


@dataclass(frozen=True)
class Topic:
    """A section of the report.

    Attributes:
        anchor: its id in the page.
        title: its heading.
        question: the question that it answers.
        blocks: elements below it.
        definitions: of its figures.
    """

    anchor: str
    title: str
    question: str
    blocks: Sequence[str]
    definitions: Sequence[Definition]


def text_column(title: str) -> Column:
    """A column of words."""
    return Column(title, is_number=False)


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text.

    Args:
        text: the words.
        kind: a class of the style.
    """
    attribute = f' class="{kind}"' if kind else ""
    return f"<p{attribute}>{escape(text)}</p>"


def heading(text: str) -> str:
    """A heading within a section."""
    return f"<h3>{escape(text)}</h3>"


def bullets(texts: Iterable[str]) -> str:
    """A list of sentences; empty without any."""
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else ""


def figure(chart: str, caption: str) -> str:
    """A chart with its caption.

    Args:
        chart: an SVG element.
        caption: what it shows, and of which models.
    """
    return f"<figure>{chart}<figcaption>{escape(caption)}</figcaption></figure>"


def table(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column names the rows.

    A narrow window scrolls it sideways, with the keyboard too.

    Args:
        caption: its name.
        columns: of the table.
        rows: texts of each row, as many as columns.
    """
    header = "".join(
        f'<th scope="col"{_aligned(column)}>{escape(column.title)}</th>' for column in columns
    )
    body = "".join(f"<tr>{_cells(columns, row)}</tr>" for row in rows)
    kind = ' class="long"' if len(rows) > LONG else ""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="Table: {escape(caption)}">'
        f"<table{kind}><caption>{escape(caption)}</caption><thead><tr>{header}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def definition_list(definitions: Iterable[Definition]) -> str:
    """Definitions with their sources."""
    items = []
    for found in definitions:
        source = f' <span class="source">Source: {escape(found.source)}</span>'
        text = escape(found.text) + (source if found.source else "")
        items.append(f"<div><dt>{escape(found.term)}</dt><dd>{text}</dd></div>")
    return f"<dl>{''.join(items)}</dl>"


def section(topic: Topic, number: int) -> str:
    """A topic as a numbered section of the page."""
    return (
        f'<section aria-labelledby="{topic.anchor}"><h2 id="{topic.anchor}">{number}.'
        f" {escape(topic.title)}</h2>{paragraph(topic.question, 'question')}"
        f"{''.join(topic.blocks)}</section>"
    )


def _cells(columns: Sequence[Column], row: Sequence[str]) -> str:
    first, *others = (
        (_aligned(column), escape(text)) for column, text in zip(columns, row, strict=True)
    )
    kind = first[0] or (' class="short"' if len(row[0]) <= SHORT else "")
    cells = [f'<th scope="row"{kind}>{first[1].strip() or BLANK}</th>']
    cells += [f"<td{kind}>{text}</td>" for kind, text in others]
    return "".join(cells)


def _aligned(column: Column) -> str:
    return ' class="number"' if column.is_number else ""
