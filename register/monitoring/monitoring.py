"""`monitoring_report`: the figures of the model at work."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self

from sqlalchemy import ColumnElement, Connection, case, func, select, text

from register import schema
from register.database.database import Database
from register.monitoring.challenger_counts import challenger_comparisons
from register.monitoring.counting.cell_figures import TOTAL, CellFigures
from register.monitoring.counting.cells import cells_of
from register.monitoring.counting.notes import notes
from register.monitoring.counting.review_counts import ReviewCounts
from register.monitoring.counting.tally import Tally
from register.monitoring.counting.values import NO_GRADE, NOT_KNOWN, Values
from register.monitoring.feature_report import FeatureReport
from register.monitoring.features.feature_counts import (
    FeatureCounter,
    cell_features,
    in_this_process,
)
from register.monitoring.override_tables import OverrideTables
from register.monitoring.query import MonitoringQuery
from register.monitoring.reading.census import BundleUse, Census
from register.monitoring.reading.column_blocks import Kind, column_blocks
from register.monitoring.reading.decision_facts import FACTS, decision_facts
from register.monitoring.reading.labels import PerformanceWindow
from register.monitoring.reading.review_steps import all_steps, review_steps
from register.monitoring.reading.score_references import ScoreReference
from register.monitoring.report import ModelInUse, MonitoringReport, OutcomeDefinition, PdSource
from register.reading.pages import SECONDS
from register.reading.periods import Period
from register.verification.deletions import read_retirements

# Of a statement's sorts and joins: PostgreSQL's own 4 MB would send them to the disk.
WORK_MEMORY = "SET LOCAL work_mem = '64MB'"
SMALL = 4  # a period is small if the register has more than so many outcomes for each decision
WHOLE: Kind = "whole"


def monitoring_report(
    database: Database,
    query: MonitoringQuery,
    window: int,
    as_of: datetime,
    counter: FeatureCounter = in_this_process,
) -> MonitoringReport:
    """The figures of the model at work, from one state of the register.

    Args:
        database: of the register.
        query: the decisions and cells.
        window: length of the performance window in months.
        as_of: the time of the report.
        counter: counts the records for the features' indices.

    Raises:
        RegisterAway: the database does not answer.
    """
    with database.reading(SECONDS) as connection:
        if database.name == "postgresql":
            connection.execute(text(WORK_MEMORY))
        return _Reading(connection, query, window, as_of).report(counter)


@dataclass(frozen=True)
class _Outcomes:
    """The outcomes in the register.

    Attributes:
        definitions: of outcomes, the most frequent first.
        observed_until: the last day of one up to the report's; None without one.
    """

    definitions: Sequence[OutcomeDefinition]
    observed_until: date | None

    @classmethod
    def of(cls, connection: Connection, today: date) -> Self:
        """Count all outcomes."""
        outcome, number = schema.outcome.c, func.count().label("outcomes")
        until = func.max(case((outcome.observed <= today, outcome.observed))).label("until")
        counted = select(outcome.definition, number, until).group_by(outcome.definition)
        rows = connection.execute(counted.order_by(number.desc(), outcome.definition)).all()
        return cls(
            [OutcomeDefinition(definition=row.definition, outcomes=row.outcomes) for row in rows],
            max((row.until for row in rows if row.until is not None), default=None),
        )

    @property
    def number(self) -> int:
        """The number of outcomes."""
        return sum(one.outcomes for one in self.definitions)


class _Reading:
    """The reading of the register for one report, in one transaction."""

    def __init__(
        self, connection: Connection, query: MonitoringQuery, months: int, as_of: datetime
    ) -> None:
        self.connection, self.query = connection, query
        self.outcomes = _Outcomes.of(connection, as_of.date())
        self.window = PerformanceWindow(months, as_of, self.outcomes.observed_until)
        self.period = Period(query.start, query.end)
        self.census = Census.of(connection, self.period)
        self.grades = Values.of(self.census.grades, NO_GRADE)
        self.cells = cells_of(connection, query, self.census, self.grades)
        grade = self.grades.code(schema.decision.c.grade).label("grade")
        self.columns: Sequence[ColumnElement[int]] = (grade, *self.cells.columns)
        found = {use.id: ScoreReference.read(connection, use.id) for use in self.census.bundles}
        self.references = {bundle: of for bundle, of in found.items() if of is not None}

    def report(self, counter: FeatureCounter) -> MonitoringReport:
        """The report."""
        definitions, models, pd_source = (
            self.outcomes.definitions, self._models(), self._pd_source(),
        )  # fmt: skip
        reviews, overrides = self._reviews()
        tally = self._tally()
        figures = CellFigures(self.census, tally, reviews, self.references)
        total, cells = figures.total(), figures.cells()
        features = self._features(figures, counter) if self.query.features else None
        query = self.query
        return MonitoringReport(
            as_of=self.window.as_of,
            start=query.start,
            end=query.end,
            by=query.by,
            group=self.cells.group,
            window=self.window.months,
            observed_until=self.window.observed_until,
            pd_source=pd_source,
            definitions=definitions,
            models=models,
            total=total,
            cells=cells,
            grades=figures.grades(),
            vintages=tally.vintages.vintages(),
            overrides=overrides,
            groups=figures.groups() if query.by == "group" else [],
            features=features,
            challengers=challenger_comparisons(self.connection, self.period, self.window),
            notes=notes(
                query,
                self.window,
                total,
                cells,
                models,
                definitions,
                pd_source,
                features,
                read_retirements(self.connection).before,
            ),
        )

    def _tally(self) -> Tally:
        tally = Tally(
            self.cells,
            sorted(use.id for use in self.census.bundles),
            {bundle: of.ends for bundle, of in self.references.items()},
            self.grades,
            self.window,
        )
        statement = decision_facts(
            self.period,
            *self.columns,
            group=self.cells.group,
            is_small=self.census.decisions * SMALL < self.outcomes.number,
            one_definition=len(self.outcomes.definitions) <= 1,
        )
        kinds = {**FACTS, **dict.fromkeys(self._names, WHOLE)}
        for columns in column_blocks(self.connection, statement, kinds):
            tally.add(columns)
        return tally

    @property
    def _names(self) -> list[str]:
        """Names of the columns of whole numbers that the cells need."""
        return [str(column.key) for column in self.columns]

    def _reviews(self) -> tuple[ReviewCounts, OverrideTables]:
        steps, review, callers = all_steps(), schema.review.c, self.census.callers
        values = {
            "reason": (self._values(review.reason), steps.c.reason),
            "reviewer": (self._values(review.caller), steps.c.reviewer),
            "caller": (Values.of(callers, NOT_KNOWN), schema.decision.c.caller),
        }
        more = [of.code(column).label(name) for name, (of, column) in values.items()]
        columns = review_steps(
            self.connection, self.period, steps, [*more, *self.columns], self.cells.group
        )
        counts = ReviewCounts.of(columns, self.cells.codes(columns))
        codes = {name: of.codes(columns[name]) for name, (of, _) in values.items()}
        tables = OverrideTables(
            by_reason=counts.overrides(values["reason"][0], codes["reason"]),
            by_caller=counts.overrides(
                values["caller"][0], codes["caller"], self.census.refused, self.census.accepted
            ),
            by_reviewer=counts.overrides(values["reviewer"][0], codes["reviewer"]),
        )
        return counts, tables

    def _values(self, column: ColumnElement[str]) -> Values:
        """The values of a column in the whole register."""
        rows = self.connection.execute(select(column, func.count()).group_by(column))
        return Values.of(Counter({row[0]: row[1] for row in rows}), NOT_KNOWN)

    def _models(self) -> list[ModelInUse]:
        """The models; several bundles may have one, of which the last is the reference."""
        found: dict[str, list[BundleUse]] = {}
        for use in self.census.bundles:
            found.setdefault(use.model, []).append(use)
        models = []
        for model, uses in found.items():
            reference = self.references.get(uses[-1].id)
            models.append(
                ModelInUse(
                    model=model,
                    first=min(use.first for use in uses),
                    last=max(use.last for use in uses),
                    decisions=sum(use.decisions for use in uses),
                    reference=None if reference is None else len(reference.scores),
                    training=None if reference is None else reference.training,
                )
            )
        return models

    def _pd_source(self) -> PdSource:
        with_pd = self.census.with_pd
        if not with_pd:
            return "probability"
        return "scorecard" if with_pd == self.census.decisions else "mixed"

    def _features(self, figures: CellFigures, counter: FeatureCounter) -> FeatureReport:
        # pandas takes half a second, and only the features need it.
        from register.monitoring.features.recorded_features import RecordedFeatures

        recorded = RecordedFeatures(
            self.connection, self.period, self.cells, self.columns, self._names
        )
        bundles = recorded.counted([use.id for use in self.census.bundles], counter)
        volume = figures.tally.counts["volume"]
        found = [
            cell_features(self.cells.keys[cell], [cell], bundles, int(volume[cell]))
            for cell in figures.shown
        ]
        return FeatureReport(
            total=cell_features(TOTAL, range(len(self.cells)), bundles, int(volume.sum())),
            cells=[
                of if figures.has_scores(cell) else replace(of, features=[])
                for cell, of in zip(figures.shown, found, strict=True)
            ],
        )
