"""`Counted`: all that a report takes from the register, counted in one transaction.

SciPy, which the figures need, is not imported here: a process can do so while the database counts.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import ColumnElement, Connection, case, func, select

from register.monitoring.counting.cells import cells_of
from register.monitoring.counting.tally import Tally
from register.monitoring.counting.values import NO_GRADE, NOT_KNOWN, Values
from register.monitoring.query import MonitoringQuery
from register.monitoring.reading.census import Census
from register.monitoring.reading.column_blocks import Columns, Kind, column_blocks
from register.monitoring.reading.decision_facts import FACTS, DecisionFacts
from register.monitoring.reading.labels import PerformanceWindow
from register.monitoring.reading.review_steps import all_steps, review_steps
from register.monitoring.reading.score_references import ScoreReference
from register.reading.periods import Period
from register.tables import schema

SMALL = 4  # a period is small if the register has more than so many outcomes for each decision
CODE: Kind = "small"


class Counted:
    """The counts of one report.

    Attributes:
        connection: to the register, in one transaction.
        query: of the report.
        definitions: number of outcomes by definition, the most frequent first.
        window: of performance.
        period: of the decisions.
        census: of the decisions.
        facts: the decisions with their outcomes.
        grades, callers, reasons, reviewers: codes of these.
        cells: of the report.
        columns: codes of decisions that `cells` and the grades need.
        references: reference scores by bundle, of those that have some.
        tally: of the decisions.
        steps: reviews and requests, see `ReviewedDecisions`.
    """

    def __init__(
        self, connection: Connection, query: MonitoringQuery, months: int, as_of: datetime
    ) -> None:
        """Count.

        Args:
            connection: to the register, in one transaction.
            query: the decisions and cells.
            months: length of the performance window.
            as_of: the time of the report.
        """
        self.connection, self.query = connection, query
        self.definitions, until = _outcomes(connection, as_of.date())
        self.window = PerformanceWindow(months, as_of, until)
        self.period = Period(query.start, query.end)
        self.census = Census.of(connection, self.period)
        self.facts = DecisionFacts(
            self.period,
            is_small=self.census.decisions * SMALL < sum(self.definitions.values()),
            one_definition=len(self.definitions) <= 1,
            database=connection.dialect.name,
        )
        self.grades = Values.of(self.census.grades, NO_GRADE)
        self.callers = Values.of(self.census.callers, NOT_KNOWN)
        self.cells = cells_of(connection, query, self.census, self.grades)
        grade = self.grades.code(schema.decision.c.grade).label("grade")
        self.columns: Sequence[ColumnElement[int]] = (grade, *self.cells.columns)
        found = {use.id: ScoreReference.read(connection, use.id) for use in self.census.bundles}
        self.references = {bundle: of for bundle, of in found.items() if of is not None}
        self.tally = self._tally()
        self.reasons = self._values(schema.review.c.reason)
        self.reviewers = self._values(schema.review.c.caller)
        self.steps = self._steps()

    @cached_property
    def names(self) -> list[str]:
        """Names of `columns`."""
        return [str(column.key) for column in self.columns]

    def _tally(self) -> Tally:
        tally = Tally(
            self.cells,
            sorted(use.id for use in self.census.bundles),
            {bundle: of.ends for bundle, of in self.references.items()},
            self.grades,
            self.window,
            self.census.decisions,
        )
        statement = self.facts.statement(
            *self.columns,
            of_reviewed=[self.callers.code(schema.decision.c.caller).label("caller")],
            group=self.cells.group,
        )
        kinds = {**FACTS, **dict.fromkeys([*self.names, "caller"], CODE)}
        for columns in column_blocks(self.connection, statement, kinds):
            tally.add(columns)
        return tally

    def _values(self, column: ColumnElement[str]) -> Values:
        """The values of a column in the whole register."""
        rows = self.connection.execute(select(column, func.count()).group_by(column))
        return Values.of(Counter({row[0]: row[1] for row in rows}), NOT_KNOWN)

    def _steps(self) -> Columns:
        steps = all_steps()
        more = [
            self.reasons.code(steps.c.reason).label("reason"),
            self.reviewers.code(steps.c.reviewer).label("reviewer"),
        ]
        period = self.period if self.facts.is_small else None
        return self.tally.reviewed.steps(review_steps(self.connection, period, steps, more))


def _outcomes(connection: Connection, today: date) -> tuple[dict[str, int], date | None]:
    """The number of outcomes by definition, and the last day up to today of which there is one."""
    outcome, number = schema.outcome.c, func.count().label("outcomes")
    until = func.max(case((outcome.observed <= today, outcome.observed))).label("until")
    counted = select(outcome.definition, number, until).group_by(outcome.definition)
    rows = connection.execute(counted.order_by(number.desc(), outcome.definition)).all()
    last = max((row.until for row in rows if row.until is not None), default=None)
    return {row.definition: row.outcomes for row in rows}, last
