"""Reviews of decisions and requests for them, as columns in the order of each decision's steps.

A decision that has steps has a number, which joins them to `DecisionFacts` in this process: a join
in the database would read all decisions for the few that have steps.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Subquery,
    Text,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)

from register.monitoring.reading.column_blocks import Columns, Kind, column_blocks
from register.reading.periods import Period
from register.tables import schema

REQUEST, REVIEW = 0, 1  # of one time, the request comes first

STEPS: Mapping[str, Kind] = {
    "number": "whole",  # of the decision, from 1
    "position": "whole",  # among the steps of the decision, from 1
    "kind": "whole",
    "step_at": "moment",
    "decided": "whole",  # by the review; null for a request
}


def all_steps() -> Subquery:
    """All reviews and requests; `reason`, `reviewer` and `decided` of a request are null."""
    request, review = schema.review_request.c, schema.review.c
    nothing = cast(null(), Text)
    return union_all(
        select(
            request.decision,
            request.at.label("step_at"),
            request.id.label("step_id"),
            literal_column(str(REQUEST), Integer).label("kind"),
            cast(null(), Integer).label("decided"),
            nothing.label("reason"),
            nothing.label("reviewer"),
        ),
        select(
            review.decision,
            review.at,
            review.id,
            literal_column(str(REVIEW), Integer),
            review.prediction,
            review.reason,
            review.caller,
        ),
    ).subquery()


def review_steps(
    connection: Connection,
    period: Period | None,
    steps: Subquery,
    more: Sequence[ColumnElement[Any]],
) -> Columns:
    """The reviews and requests of decisions, decision by decision, the oldest first.

    Args:
        connection: to the register.
        period: of the decisions; None for all of them.
        steps: `all_steps`.
        more: whole numbers with labels, of `steps`.

    Returns:
        The columns of `STEPS` and of `more`.
    """
    step = steps.c
    position = func.row_number().over(
        partition_by=step.decision, order_by=[step.step_at, step.kind, step.step_id]
    )
    found: Select[Any] = select(
        func.dense_rank().over(order_by=step.decision).label("number"),
        position.label("position"),
        step.kind,
        step.step_at,
        step.decided,
        *more,
    )
    numbered = of_decisions(found, steps, period).subquery()
    ordered = select(numbered).order_by(numbered.c.number, numbered.c.position)
    kinds: dict[str, Kind] = {**STEPS, **{str(column.key): "whole" for column in more}}
    blocks = list(column_blocks(connection, ordered, kinds))
    return {
        name: np.concatenate([np.zeros(0, np.int64), *(block[name] for block in blocks)])
        for name in kinds
    }


def reviewed_decisions(period: Period | None) -> Subquery:
    """The decisions that have steps: `number` as in `review_steps`, and what was `decided` last.

    `decided` is null without a review.

    Args:
        period: of the decisions; None for all of them.
    """
    steps = all_steps()
    step = steps.c
    rank = func.row_number().over(
        partition_by=step.decision,
        order_by=[step.kind.desc(), step.step_at.desc(), step.step_id.desc()],
    )
    found = select(step.decision, step.decided, rank.label("rank"))
    ranked = of_decisions(found, steps, period).subquery()
    number = func.row_number().over(order_by=ranked.c.decision)
    return (
        select(ranked.c.decision, ranked.c.decided, number.label("number"))
        .where(ranked.c.rank == 1)
        .subquery()
    )


def of_decisions(statement: Select[Any], table: FromClause, period: Period | None) -> Select[Any]:
    """A statement on a table with a column `decision`, for the decisions of a period if given."""
    if period is None:
        return statement
    decision = schema.decision.c
    joined = statement.join_from(table, schema.decision, decision.id == table.c.decision)
    return period.within(joined)
