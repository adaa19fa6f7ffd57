"""`MonitoringQuery`: the decisions that a report counts, and the cells that it counts them in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

By = Literal["month", "week", "grade", "bundle", "caller", "group"]


@dataclass(frozen=True, kw_only=True)
class MonitoringQuery:
    """A question about the model at work.

    Attributes:
        start: the time of the first decision that counts.
        end: the time before which the last one was made.
        by: the kind of the cells; months and weeks are those of UTC, a week starts on Monday.
        group: the column of the audit values that names the groups; needed if `by` is ``group``,
            else it has no effect.
        features: true to compute the stability index of every feature, which reads the evidence.
    """

    start: datetime
    end: datetime
    by: By = "month"
    group: str | None = None
    features: bool = False
