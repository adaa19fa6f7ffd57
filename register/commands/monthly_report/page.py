"""The report as one page that needs no other file and runs no script."""

from collections.abc import Callable, Iterable
from html import escape

from register.commands.monthly_report.elements.markup import (
    Column,
    Definition,
    Topic,
    bullets,
    definition_list,
    paragraph,
    section,
    table,
    text_column,
)
from register.commands.monthly_report.elements.numbers import count
from register.commands.monthly_report.elements.style import STYLE
from register.commands.monthly_report.figures import HISTORY, MonthlyFigures, day, hours
from register.commands.monthly_report.key_figures import key_figures
from register.commands.monthly_report.operation.breakdown import breakdown
from register.commands.monthly_report.operation.challenger import challenger
from register.commands.monthly_report.operation.groups import groups
from register.commands.monthly_report.operation.overrides import overrides
from register.commands.monthly_report.operation.population import population
from register.commands.monthly_report.operation.volume import volume
from register.commands.monthly_report.performance.calibration import calibration
from register.commands.monthly_report.performance.discrimination import discrimination
from register.commands.monthly_report.performance.expected import expected
from register.commands.monthly_report.performance.grades import grades
from register.commands.monthly_report.performance.vintages import vintages
from register.commands.monthly_report.summary import summary

TOPICS: tuple[Callable[[MonthlyFigures], Topic], ...] = (
    volume, population, discrimination, calibration, grades, vintages, overrides, expected,
    challenger,
)  # fmt: skip
HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline';
 base-uri 'none'; form-action 'none'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
"""
MODEL_COLUMNS = (
    text_column("SHA-256 of the model file"), text_column("First decision"),
    text_column("Last decision"), Column("Decisions"),
)  # fmt: skip


def report_page(figures: MonthlyFigures) -> str:
    """Write the page of a report."""
    topics = [topic(figures) for topic in TOPICS]
    if figures.groups is not None:
        topics.append(groups(figures.groups, figures))
    if figures.breakdown is not None:
        topics.append(breakdown(figures, figures.breakdown))
    topics += [_models(figures), _notes(figures)]
    topics.append(_definitions(topics))
    title = f"The model at work, {figures.month.name}"
    return "\n".join([
        HEAD.format(title=escape(title), style=STYLE),
        _header(figures, title), "<main>", summary(figures), key_figures(figures),
        _contents(topics), *(section(topic, at) for at, topic in enumerate(topics, 1)),
        "</main>", "</body>", "</html>", "",
    ])  # fmt: skip


def _header(figures: MonthlyFigures, title: str) -> str:
    as_of = figures.history.as_of
    ends = "" if as_of >= figures.month.end else " The month is not over."
    return (
        f"<header><h1>{escape(title)}</h1>"
        + paragraph(
            f"Report on {figures.month.name} and the {HISTORY} months before it, from the register"
            f" of decisions as of {hours(as_of)}.{ends}"
        )
        + "</header>"
    )


def _contents(topics: Iterable[Topic]) -> str:
    items = "".join(
        f'<li><a href="#{topic.anchor}">{escape(topic.title)}</a></li>' for topic in topics
    )
    return f'<nav aria-labelledby="contents"><h2 id="contents">Contents</h2><ol>{items}</ol></nav>'


def _models(figures: MonthlyFigures) -> Topic:
    rows = [
        [found.model, day(found.first), day(found.last), count(found.decisions)]
        for found in figures.history.models
    ]
    return Topic(
        "models", "Models", "Which models decided? Captions and tables name the first 12 digits.",
        [table("Models in use", MODEL_COLUMNS, rows)] if rows else [paragraph("None decided.")],
        (),
    )  # fmt: skip


def _notes(figures: MonthlyFigures) -> Topic:
    report = figures.history
    definitions = ", ".join(
        f"{found.definition} ({count(found.outcomes)})" for found in report.definitions
    )
    until = (
        "today"
        if report.observed_until is None
        else f"the last day on which an outcome was observed, {day(report.observed_until)}"
    )
    source = {
        "scorecard": "the PD of the scorecard",
        "probability": "the model's probability, as no scorecard was in use",
        "mixed": "the PD of the scorecard, or the model's probability where it had no scorecard",
    }[report.pd_source]
    remarks = [
        f"The performance window has {report.window} months: a loan is mature if so many calendar"
        f" months passed from its decision up to {until}.",
        f"The probability of default (PD) is {source}.",
        f"Definitions of default among the outcomes: {definitions}." if definitions
        else "No outcome is in the register.",
        "Fewer than 30 cases give no rate, only its interval, which may run out of a chart; the"
        " tables have all of them.",
        "Reviews and outcomes count up to the time of this report, decisions at their own time.",
    ]  # fmt: skip
    return Topic(
        "notes", "Remarks", "What must a reader know of these figures?", [bullets(remarks)], ()
    )


def _definitions(topics: Iterable[Topic]) -> Topic:
    found: dict[str, Definition] = {}
    for topic in topics:
        found |= {each.term: each for each in topic.definitions}
    return Topic(
        "definitions", "Definitions and sources", "How is each figure computed, and who says so?",
        [definition_list(found.values())], (),
    )  # fmt: skip
