"""Comparisons of challengers with the models that decided, counted from the register."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, select

from credit_scoring.monitoring.performance.calibration import calibration
from credit_scoring.monitoring.performance.discrimination import discrimination
from credit_scoring.monitoring.performance.observations import Vector
from credit_scoring.monitoring.performance.paired_discrimination import discrimination_difference
from credit_scoring.monitoring.rates.proportion import wilson
from register.monitoring.document.challenger_comparison import ChallengerComparison, DecidedAlike
from register.monitoring.reading.calendar import moment_at
from register.monitoring.reading.column_blocks import NO_WHOLE, Columns, Kind, column_blocks
from register.monitoring.reading.decision_facts import FACTS, DecisionFacts
from register.monitoring.reading.labels import Flags, Labels, PerformanceWindow
from register.reading.periods import Period
from register.tables import schema

KINDS: Mapping[str, Kind] = {
    **FACTS,
    "challenger_probability": "number",
    "challenger_pd": "number",
    "challenger_prediction": "whole",  # null after a failure
}
ACCEPTS, REFUSES = 0, 1  # predictions


@dataclass(eq=False)
class AlikeCounts:
    """Counts of `DecidedAlike`, block by block."""

    decisions: int = 0
    pd: float = 0.0
    challenger_pd: float = 0.0
    accepted: int = 0
    mature: int = 0
    good: int = 0
    bad: int = 0

    def add(self, chosen: Flags, labels: Labels, pd: Vector, challenger_pd: Vector) -> None:
        """Add the chosen decisions of a block."""
        self.decisions += int(np.count_nonzero(chosen))
        self.pd += float(pd[chosen].sum())
        self.challenger_pd += float(challenger_pd[chosen].sum())
        self.accepted += int(np.count_nonzero(chosen & labels.accepted))
        self.mature += int(np.count_nonzero(chosen & labels.mature))
        self.good += int(np.count_nonzero(chosen & labels.good))
        self.bad += int(np.count_nonzero(chosen & labels.bad))

    def of(self, all_decisions: int) -> DecidedAlike:
        """The figures, among a number of decisions."""
        labelled, none = self.good + self.bad, self.decisions == 0
        return DecidedAlike(
            decisions=wilson(self.decisions, all_decisions),
            mean_pd=None if none else self.pd / self.decisions,
            challenger_mean_pd=None if none else self.challenger_pd / self.decisions,
            accepted=self.accepted,
            mature=self.mature,
            coverage=wilson(labelled, self.mature),
            bad=wilson(self.bad, labelled),
        )


@dataclass(eq=False)
class PairCounts:
    """Decisions of one model that one challenger scored, or failed to.

    Attributes:
        first, last: times of the decisions, in microseconds since 1970.
        failed: decisions without a score of the challenger.
        alike: the others, by the predictions of the model and of the challenger.
        loans: of each block, the loans that are good or bad: true if bad, probabilities and
            probabilities of default of the model, then of the challenger.
    """

    first: int
    last: int
    failed: int = 0
    alike: dict[tuple[int, int], AlikeCounts] = field(default_factory=dict)
    loans: list[Vector] = field(default_factory=list)

    def add(self, facts: Columns, labels: Labels, chosen: Flags) -> None:
        """Add the chosen decisions of a block, at least one."""
        at, prediction = facts["at"][chosen], facts["challenger_prediction"]
        self.first, self.last = min(self.first, int(at.min())), max(self.last, int(at.max()))
        is_scored = chosen & (prediction != NO_WHOLE)
        self.failed += len(at) - int(np.count_nonzero(is_scored))
        pd, challenger_pd = pd_of(facts, ""), pd_of(facts, "challenger_")
        for own in (ACCEPTS, REFUSES):
            for other in (ACCEPTS, REFUSES):
                some = is_scored & (facts["prediction"] == own) & (prediction == other)
                counts = self.alike.setdefault((own, other), AlikeCounts())
                counts.add(some, labels, pd, challenger_pd)
        labelled = is_scored & (labels.good | labels.bad)
        columns = (
            labels.bad,
            facts["probability"],
            pd,
            facts["challenger_probability"],
            challenger_pd,
        )
        self.loans.append(np.array([column[labelled] for column in columns], np.float64))

    def comparison(self, challenger: str, champion: str) -> ChallengerComparison:
        """The comparison of two models, by the SHA-256 of their files."""
        bad, own, own_pd, other, other_pd = np.concatenate(self.loans, axis=1)
        is_bad = bad == 1
        number = sum(counts.decisions for counts in self.alike.values())
        equal = sum(self.alike[both, both].decisions for both in (ACCEPTS, REFUSES))
        return ChallengerComparison(
            challenger=challenger,
            champion=champion,
            first=moment_at(self.first),
            last=moment_at(self.last),
            decisions=number,
            failed=self.failed,
            agreement=wilson(equal, number),
            both_accept=self.alike[ACCEPTS, ACCEPTS].of(number),
            both_refuse=self.alike[REFUSES, REFUSES].of(number),
            swap_in=self.alike[REFUSES, ACCEPTS].of(number),
            swap_out=self.alike[ACCEPTS, REFUSES].of(number),
            discrimination=discrimination(other, is_bad),
            champion_discrimination=discrimination(own, is_bad),
            difference=discrimination_difference(other, own, is_bad),
            calibration=calibration(other_pd, is_bad),
            champion_calibration=calibration(own_pd, is_bad),
        )


def challenger_comparisons(
    connection: Connection, decisions: DecisionFacts, window: PerformanceWindow
) -> Sequence[ChallengerComparison]:
    """Each challenger against each model that decided in a period.

    Args:
        connection: to the register; in one transaction.
        decisions: of a period.
        window: of the labels.

    Returns:
        One comparison for each pair, in the order of the challengers' bundles, then of their first
        decisions; none without a challenger.
    """
    challengers = connection.scalars(_challengers(decisions.period)).all()
    if not challengers:
        return []
    bundle = schema.bundle.c
    models = {
        row.id: bytes(row.model).hex()
        for row in connection.execute(select(bundle.id, bundle.model))
    }
    found = []
    for challenger in challengers:
        pairs: dict[str, PairCounts] = {}
        for facts, labels in _blocks(connection, challenger, decisions, window):
            for champion in np.unique(facts["bundle"]).tolist():
                chosen = facts["bundle"] == champion
                at = int(facts["at"][chosen].min())
                pair = pairs.setdefault(models[champion], PairCounts(at, at))
                pair.add(facts, labels, chosen)
        ordered = sorted(pairs.items(), key=lambda item: (item[1].first, item[0]))
        found += [pair.comparison(models[challenger], champion) for champion, pair in ordered]
    return found


def pd_of(facts: Columns, prefix: str) -> Vector:
    """Probabilities of default: the scorecard's, or else the model's probability."""
    pd: Vector = facts[f"{prefix}pd"]
    return np.where(np.isnan(pd), facts[f"{prefix}probability"], pd)


def _challengers(period: Period) -> Select[Any]:
    """The bundles that have scored decisions of a period in the shadow."""
    bundle = schema.shadow.c.bundle
    return _within(select(bundle).distinct().order_by(bundle), period)


def _within(statement: Select[Any], period: Period) -> Select[Any]:
    """A statement on `schema.shadow` that finds only rows of a period's decisions."""
    at = schema.shadow.c.at
    if period.start is not None:
        statement = statement.where(at >= period.start)
    if period.end is not None:
        statement = statement.where(at < period.end)
    return statement


def _blocks(
    connection: Connection, challenger: int, decisions: DecisionFacts, window: PerformanceWindow
) -> Iterator[tuple[Columns, Labels]]:
    """Decisions with a row of a challenger, and their labels."""
    facts, shadow = decisions.statement().subquery(), schema.shadow.c
    statement = select(
        *facts.c,
        shadow.probability.label("challenger_probability"),
        shadow.pd.label("challenger_pd"),
        shadow.prediction.label("challenger_prediction"),
    ).where(shadow.decision == facts.c.id, shadow.bundle == challenger)
    # By the id alone: PostgreSQL takes conditions on id and time for independent, expects one row,
    # and would summarise the reviews of the period anew for each decision.
    for block in column_blocks(connection, _within(statement, decisions.period), KINDS):
        yield block, Labels.of(block, window)
