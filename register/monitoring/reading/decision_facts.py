"""Decisions with their final decision and a summary of their outcomes, as a statement."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Subquery, Table, case, cast, func, select

from register import schema
from register.monitoring.reading.column_blocks import Kind
from register.reading.periods import Period

STATUSES = ("repaid", "current", "late", "defaulted", "written_off", "not_taken_up")  # by code
BAD = ("defaulted", "written_off")
REPAID, NOT_TAKEN_UP = STATUSES.index("repaid"), STATUSES.index("not_taken_up")

# Columns of `decision_facts` but `id`.
FACTS: Mapping[str, Kind] = {
    "at": "moment",
    "bundle": "whole",
    "probability": "number",
    "pd": "number",
    "prediction": "whole",
    "automated": "whole",
    "final": "whole",  # the last review's decision, else the model's
    "first_bad": "day",  # of the first default or loss; null without one
    "last_observed": "day",  # of the last outcome; null without one
    "last_status": "whole",  # index of `STATUSES`; null without an outcome
}


def decision_facts(
    period: Period,
    *more: ColumnElement[Any],
    group: str | None = None,
    is_small: bool = True,
    one_definition: bool = False,
) -> Select[Any]:
    """The decisions of a period, one row each, with the columns of `FACTS`.

    Of the outcomes of one decision, day and definition only the one recorded last counts: it
    corrects an earlier one.

    Args:
        period: of the decisions.
        more: columns of `schema.decision`, with labels; with `group`, `schema.audit.c.value` too.
        group: the name of an audit column to join; None for none.
        is_small: false if the period has so many of all decisions that reviews and outcomes of
            other decisions are better summarised too, and then left out.
        one_definition: true if all outcomes in the register have one definition, which saves the
            database a sort of them.
    """
    decision = schema.decision.c
    outcomes = _outcome_summaries(period if is_small else None, one_definition)
    reviews = _last_reviews(period if is_small else None)
    found: Select[Any] = (
        select(
            decision.id,
            decision.at,
            decision.bundle,
            decision.probability,
            decision.pd,
            decision.prediction,
            cast(decision.automated, Integer).label("automated"),
            func.coalesce(reviews.c.prediction, decision.prediction).label("final"),
            outcomes.c.first_bad,
            outcomes.c.last_observed,
            outcomes.c.last_status,
            *more,
        )
        .outerjoin_from(schema.decision, outcomes, outcomes.c.decision == decision.id)
        .outerjoin(reviews, reviews.c.decision == decision.id)
    )
    if group is not None:
        found = found.outerjoin(schema.audit, of_audit(group))
    return period.within(found)


def of_audit(name: str) -> ColumnElement[bool]:
    """The condition of a row of `schema.audit` that holds a decision's value of a column."""
    decision, audit = schema.decision.c, schema.audit.c
    return (audit.decision == decision.id) & (audit.at == decision.at) & (audit.name == name)


def _outcome_summaries(period: Period | None, one_definition: bool) -> Subquery:
    """The outcomes of each decision: `first_bad`, `last_observed`, `last_status`.

    Args:
        period: of the decisions; None for all.
        one_definition: as of `decision_facts`.
    """
    outcome = schema.outcome.c
    subject = [outcome.decision] if one_definition else [outcome.decision, outcome.definition]
    latest_first = [outcome.observed.desc(), outcome.at.desc(), outcome.id.desc()]
    rank = func.row_number().over(partition_by=outcome.decision, order_by=latest_first)
    before = func.lag(outcome.observed).over(partition_by=subject, order_by=latest_first)
    ordered = select(
        outcome.decision,
        outcome.observed,
        outcome.status,
        rank.label("rank"),
        before.label("before"),  # by the same definition; one of the same day corrects this one
    )
    ranked = _of_period(ordered, schema.outcome, period).subquery()
    row = ranked.c
    counts = row.before.is_(None) | (row.before != row.observed)
    is_bad = row.status.in_(BAD) & counts
    return (
        select(
            row.decision,
            func.min(case((is_bad, row.observed))).label("first_bad"),
            func.max(row.observed).label("last_observed"),
            func.max(case((row.rank == 1, code_of(row.status, STATUSES)))).label("last_status"),
        )
        .group_by(row.decision)
        .subquery()
    )


def _last_reviews(period: Period | None) -> Subquery:
    """The last review of each decision; `period` as of `_outcome_summaries`."""
    review = schema.review.c
    rank = func.row_number().over(
        partition_by=review.decision, order_by=[review.at.desc(), review.id.desc()]
    )
    ordered = select(review.decision, review.prediction, rank.label("rank"))
    ranked = _of_period(ordered, schema.review, period).subquery()
    return select(ranked.c.decision, ranked.c.prediction).where(ranked.c.rank == 1).subquery()


def _of_period(statement: Select[Any], table: Table, period: Period | None) -> Select[Any]:
    """A statement on a table, for the decisions of a period only if there is one."""
    if period is None:
        return statement
    decision = schema.decision.c
    joined = statement.join_from(table, schema.decision, decision.id == table.c.decision)
    return period.within(joined)


def code_of(column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[int]:
    """The index of a text among some values; null if it is none of them."""
    codes = {value: code for code, value in enumerate(values)}
    return case(codes, value=column) if codes else cast(None, Integer)
