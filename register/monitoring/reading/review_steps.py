"""Reviews of decisions and requests for them, as columns in the order of each decision's steps."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
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

from register import schema
from register.monitoring.reading.column_blocks import Columns, Kind, column_blocks
from register.monitoring.reading.decision_facts import of_audit
from register.reading.periods import Period

REQUEST, REVIEW = 0, 1  # of one time, the request comes first

STEPS: Mapping[str, Kind] = {
    "position": "whole",  # among the steps of the decision, from 1
    "kind": "whole",
    "step_at": "moment",
    "decided": "whole",  # by the review; null for a request
    "at": "moment",  # of the decision
    "bundle": "whole",
    "prediction": "whole",  # of the model
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
    period: Period,
    steps: Subquery,
    more: Sequence[ColumnElement[Any]],
    group: str | None,
) -> Columns:
    """The reviews and requests of a period's decisions, decision by decision, the oldest first.

    Args:
        connection: to the register.
        period: of the decisions.
        steps: `all_steps`.
        more: whole numbers with labels, of `steps` or as of `decision_facts`.
        group: as of `decision_facts`.

    Returns:
        The columns of `STEPS` and of `more`.
    """
    decision, step = schema.decision.c, steps.c
    position = func.row_number().over(
        partition_by=step.decision, order_by=[step.step_at, step.kind, step.step_id]
    )
    found: Select[Any] = select(
        step.decision,
        position.label("position"),
        step.kind,
        step.step_at,
        step.decided,
        decision.at,
        decision.bundle,
        decision.prediction,
        *more,
    ).join_from(steps, schema.decision, decision.id == step.decision)
    if group is not None:
        found = found.outerjoin(schema.audit, of_audit(group))
    numbered = period.within(found).subquery()
    ordered = select(numbered).order_by(numbered.c.decision, numbered.c.position)
    kinds: dict[str, Kind] = {**STEPS, **{str(column.key): "whole" for column in more}}
    blocks = list(column_blocks(connection, ordered, kinds))
    return {
        name: np.concatenate([np.zeros(0, np.int64), *(block[name] for block in blocks)])
        for name in kinds
    }
