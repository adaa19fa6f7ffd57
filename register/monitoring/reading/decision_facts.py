"""`DecisionFacts`: decisions with their final decision and a summary of their outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    case,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import distinct_on

from register.monitoring.reading.column_blocks import Kind
from register.monitoring.reading.review_steps import of_decisions, reviewed_decisions
from register.reading.periods import Period
from register.tables import schema

STATUSES = ("repaid", "current", "late", "defaulted", "written_off", "not_taken_up")  # by code
BAD = ("defaulted", "written_off")
REPAID, NOT_TAKEN_UP = STATUSES.index("repaid"), STATUSES.index("not_taken_up")
CODES = 8  # a power of 2, more than there are statuses
FIRST_DAY: ColumnElement[Any] = literal_column("DATE '1970-01-01'")

# Columns of `DecisionFacts` but `id`.
FACTS: Mapping[str, Kind] = {
    "at": "moment",
    "bundle": "whole",
    "probability": "number",
    "pd": "number",
    "prediction": "small",
    "automated": "small",
    "final": "small",  # the last review's decision, else the model's
    "first_bad": "day",  # of the first default or loss; null without one
    "last_observed": "day",  # of the last outcome; null without one
    "last_status": "small",  # index of `STATUSES`; null without an outcome
    "reviewed": "whole",  # number of a decision with reviews or requests, see `review_steps`
}


@dataclass(frozen=True)
class DecisionFacts:
    """The decisions of a period, one row each, with the columns of `FACTS`.

    Of the outcomes of one decision, day and definition only the one recorded last counts: it
    corrects an earlier one. Any statement of this class gives the same rows; the last three
    attributes choose the fastest.

    Attributes:
        period: of the decisions.
        is_small: false if the period has so many of all decisions that reviews and outcomes of
            other decisions are better summarised too, and then left out.
        one_definition: true if all outcomes in the register have one definition, which saves the
            database a sort of them.
        database: name of its kind.
    """

    period: Period
    is_small: bool = True
    one_definition: bool = False
    database: str = ""

    def statement(
        self,
        *more: ColumnElement[Any],
        of_reviewed: Sequence[ColumnElement[Any]] = (),
        group: str | None = None,
    ) -> Select[Any]:
        """The statement, with `id` and the columns of `FACTS`.

        Args:
            more: columns of `schema.decision`, with labels; with `group`, `schema.audit.c.value`
                too.
            of_reviewed: the same, null for decisions without reviews and requests.
            group: the name of an audit column to join; None for none.
        """
        decision = schema.decision.c
        summarised = self.period if self.is_small else None
        outcomes = _outcome_summaries(summarised, self.one_definition, self.database)
        reviewed = reviewed_decisions(summarised)
        number = reviewed.c.number
        found: Select[Any] = (
            select(
                decision.id,
                decision.at,
                decision.bundle,
                decision.probability,
                decision.pd,
                decision.prediction,
                cast(decision.automated, Integer).label("automated"),
                func.coalesce(reviewed.c.decided, decision.prediction).label("final"),
                outcomes.c.first_bad,
                outcomes.c.last_observed,
                outcomes.c.last_status,
                number.label("reviewed"),
                *more,
                *(case((number.is_not(None), column)).label(column.key) for column in of_reviewed),
            )
            .outerjoin_from(schema.decision, outcomes, outcomes.c.decision == decision.id)
            .outerjoin(reviewed, reviewed.c.decision == decision.id)
        )
        if group is not None:
            found = found.outerjoin(schema.audit, of_audit(group))
        return self.period.within(found)


def of_audit(name: str) -> ColumnElement[bool]:
    """The condition of a row of `schema.audit` that holds a decision's value of a column."""
    decision, audit = schema.decision.c, schema.audit.c
    return (audit.decision == decision.id) & (audit.at == decision.at) & (audit.name == name)


def _outcome_summaries(period: Period | None, one_definition: bool, database: str) -> Subquery:
    """The outcomes of each decision: `first_bad`, `last_observed`, `last_status`.

    Args:
        period: of the decisions; None for all.
        one_definition, database: as of `DecisionFacts`.
    """
    if one_definition and database == "postgresql":
        return _summaries_by_day(period)
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
    ranked = of_decisions(ordered, schema.outcome, period).subquery()
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


def _summaries_by_day(period: Period | None) -> Subquery:
    """The summaries of outcomes of one definition, by PostgreSQL's DISTINCT ON and numbers of days.

    With one definition a decision has one outcome of a day, or corrections of it.
    """
    outcome = schema.outcome.c
    ordered = (
        select(outcome.decision, outcome.observed, code_of(outcome.status, STATUSES).label("code"))
        .ext(distinct_on(outcome.decision, outcome.observed))
        .order_by(
            outcome.decision, outcome.observed.desc(), outcome.at.desc(), outcome.id.desc()
        )
    )  # fmt: skip
    row = of_decisions(ordered, schema.outcome, period).subquery().c
    is_bad = row.code.in_([STATUSES.index(status) for status in BAD])
    day: ColumnElement[int] = row.observed.op("-", return_type=Integer())(FIRST_DAY)
    # The largest of these numbers is of the last day: the code is its last three bits.
    last: ColumnElement[int] = func.max(day * CODES + row.code)
    return (
        select(
            row.decision,
            func.min(case((is_bad, row.observed))).label("first_bad"),
            func.max(row.observed).label("last_observed"),
            last.bitwise_and(literal_column(str(CODES - 1))).label("last_status"),
        )
        .group_by(row.decision)
        .subquery()
    )


def code_of(column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[int]:
    """The index of a text among some values; null if it is none of them."""
    codes = {value: code for code, value in enumerate(values)}
    return case(codes, value=column) if codes else cast(None, Integer)
