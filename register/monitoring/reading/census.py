"""`Census`: the bundles, callers, grades and groups of the decisions of a period."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Connection, func, select

from register.monitoring.reading.decision_facts import of_audit
from register.reading.periods import Period
from register.tables import schema


@dataclass(frozen=True)
class BundleUse:
    """The decisions of one bundle in a period.

    Attributes:
        id: of the bundle.
        model: SHA-256 of its model file.
        first, last: times of its first and its last decision.
        decisions: their number.
    """

    id: int
    model: str
    first: datetime
    last: datetime
    decisions: int


@dataclass(frozen=True, eq=False)
class Census:
    """Decisions of a period by bundle, caller and grade.

    Attributes:
        bundles: by the times of their first decisions.
        callers: decisions by caller.
        grades: decisions by grade, None without one.
        refused, accepted: decisions of the model, by caller.
        with_pd: decisions of a scorecard's probability of default.
    """

    bundles: Sequence[BundleUse]
    callers: Counter[str]
    grades: Counter[str | None]
    refused: Counter[str]
    accepted: Counter[str]
    with_pd: int

    @classmethod
    def of(cls, connection: Connection, period: Period) -> Self:
        """Count the decisions of a period, in one pass."""
        decision = schema.decision.c
        kinds = (decision.bundle, decision.caller, decision.grade, decision.prediction)
        counted = select(
            *kinds,
            func.count().label("decisions"),
            func.count(decision.pd).label("with_pd"),
            func.min(decision.at).label("first"),
            func.max(decision.at).label("last"),
        ).group_by(*kinds)
        rows = connection.execute(period.within(counted)).all()
        callers: Counter[str] = Counter()
        grades: Counter[str | None] = Counter()
        by_prediction: dict[int, Counter[str]] = {0: Counter(), 1: Counter()}
        for row in rows:
            callers[row.caller] += row.decisions
            grades[row.grade] += row.decisions
            by_prediction[row.prediction][row.caller] += row.decisions
        return cls(
            bundles=_bundles(connection, rows),
            callers=callers,
            grades=grades,
            refused=by_prediction[1],
            accepted=by_prediction[0],
            with_pd=sum(row.with_pd for row in rows),
        )

    @property
    def decisions(self) -> int:
        """The number of decisions."""
        return self.callers.total()


def _bundles(connection: Connection, rows: Sequence[Any]) -> list[BundleUse]:
    bundle = schema.bundle.c
    models = {row.id: row.model for row in connection.execute(select(bundle.id, bundle.model))}
    found = []
    for number in {row.bundle for row in rows}:
        of_bundle = [row for row in rows if row.bundle == number]
        found.append(
            BundleUse(
                id=number,
                model=bytes(models[number]).hex(),
                first=min(row.first for row in of_bundle),
                last=max(row.last for row in of_bundle),
                decisions=sum(row.decisions for row in of_bundle),
            )
        )
    return sorted(found, key=lambda use: (use.first, use.id))


def group_sizes(connection: Connection, period: Period, name: str) -> Counter[str]:
    """Decisions of a period by their value of an audit column; those without one are left out.

    Args:
        connection: to the register.
        period: of the decisions.
        name: of the column.
    """
    value = schema.audit.c.value
    counted = (
        select(value, func.count().label("decisions"))
        .join_from(schema.decision, schema.audit, of_audit(name))
        .group_by(value)
    )
    found = connection.execute(period.within(counted))
    return Counter({row.value: row.decisions for row in found})
