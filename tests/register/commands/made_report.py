"""Monthly figures of simulated decisions, computed by the statistics without a register."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from credit_scoring.monitoring.performance.calibration import calibration
from credit_scoring.monitoring.performance.discrimination import (
    discrimination,
    restricted_discrimination,
)
from credit_scoring.monitoring.performance.expected import expected_performance
from credit_scoring.monitoring.performance.grade_tests import GradeCounts, grade_tests
from credit_scoring.monitoring.performance.paired_discrimination import discrimination_difference
from credit_scoring.monitoring.performance.vintages import vintage
from credit_scoring.monitoring.psi import FeatureDrift, drift, number_counts
from credit_scoring.monitoring.rates.group_ratios import GroupCounts, group_ratios
from credit_scoring.monitoring.rates.hypothesis_test import adjusted
from credit_scoring.monitoring.rates.proportion import wilson
from register.commands.monthly_report.figures import HISTORY, MonthlyFigures
from register.commands.monthly_report.month import Month
from register.monitoring.document.cell import Cell, Maturity, ModelShare, Overrides, ReviewFigures
from register.monitoring.document.challenger_comparison import ChallengerComparison, DecidedAlike
from register.monitoring.document.feature_report import CellFeatures, FeatureReport
from register.monitoring.document.override_tables import OverrideRow, OverrideTables
from register.monitoring.document.report import (
    ModelInUse,
    MonitoringReport,
    OutcomeDefinition,
)

OLD, NEW = "9ff7ac61cbe0" + "0" * 52, "a41c0d20e7b3" + "1" * 52
CHALLENGER = "c0ffee00c0ff" + "2" * 52
MONTH = Month(2026, 10)
AS_OF = datetime(2026, 11, 5, 9, 30, tzinfo=UTC)
SWAP = datetime(2026, 4, 16, 12, tzinfo=UTC)
NOBODY = wilson(0, 0)
GRADES = "ABCDE"


def made_figures(number: int = 900, seed: int = 7) -> MonthlyFigures:
    """Figures of about `number` decisions a month: a shift, a swap, an outbreak of defaults."""
    generator = np.random.default_rng(seed)
    months = [MONTH.later(at - HISTORY) for at in range(HISTORY + 1)]
    cells = tested([made_cell(month, number + 9 * at, generator)
                    for at, month in enumerate(months)])  # fmt: skip
    history = made_report(cells, generator)
    current = replace(
        history, start=MONTH.start, total=replace(cells[-1], key="total"), cells=cells[-1:],
        models=history.models[-1:], features=made_features(cells[-1]),
    )  # fmt: skip
    return MonthlyFigures(MONTH, history, current)


def made_cell(month: Month, number: int, generator: np.random.Generator) -> Cell:
    """The cell of a month; of its loans, those of the first 13 months are mature."""
    at = (month.year - 2024) * 12 + month.number - 10
    pd = generator.beta(1.6, 14 - 0.2 * at, number)
    refused = pd > 0.2
    reference = generator.beta(1.6, 14, 3000)
    low, high = int(refused.sum() * 0.06), int((~refused).sum() * 0.02)
    accepted = int((~refused).sum()) + low - high
    is_mature = at <= 12
    odds = 1.8 if 5 <= at <= 8 else 1.0
    loans = pd[~refused][: accepted - 20]
    bad = generator.random(len(loans)) < odds * loans / (1 + (odds - 1) * loans)
    labelled = loans if is_mature else loans[:0]
    bad = bad[: len(labelled)]
    models = [ModelShare(model=OLD if month.end <= SWAP else NEW, decisions=number)]
    if month.start < SWAP < month.end:
        models = [
            ModelShare(model=OLD, decisions=500),
            ModelShare(model=NEW, decisions=number - 500),
        ]
    mature = len(labelled) + 12 if is_mature else 0
    return Cell(
        key=str(month), start=month.start, end=month.end, models=models, volume=number,
        automated=number - 100, model_approval=wilson(int((~refused).sum()), number),
        approval=wilson(accepted, number), score_drift=drift(number_counts(reference, pd)),
        mean_pd=float(pd.mean()),
        maturity=Maturity(
            accepted=accepted, not_taken_up=8, mature=mature, labelled=len(labelled),
            good=int((~bad).sum()), bad=int(bad.sum()), coverage=wilson(len(labelled), mature),
        ),
        default_rate=wilson(int(bad.sum()), len(bad)) if is_mature else None,
        discrimination=discrimination(labelled, bad), calibration=calibration(labelled, bad),
        overrides=Overrides(
            low_side=wilson(low, int(refused.sum())), high_side=wilson(high, int((~refused).sum())),
            all=wilson(low + high, number),
        ),
        reviews=ReviewFigures(
            requests=40, open=2 + at // 6, oldest_open=month.start + timedelta(days=3), reviewed=35,
            reviews=37, changed=wilson(low + high, max(37, low + high)), hours_median=31.5,
            hours_p90=96.0,
        ),
        expected=None if is_mature else expected_performance(loans),
    )  # fmt: skip


def tested(cells: Sequence[Cell]) -> list[Cell]:
    """The cells with p-values that allow for their number."""
    found = [cell.calibration for cell in cells]
    grouped = adjusted([one.hosmer_lemeshow if one else None for one in found])
    squared = adjusted([one.spiegelhalter if one else None for one in found])
    return [
        cell if one is None
        else replace(cell, calibration=replace(one, hosmer_lemeshow=first, spiegelhalter=second))
        for cell, one, first, second in zip(cells, found, grouped, squared, strict=True)
    ]  # fmt: skip


def made_report(cells: Sequence[Cell], generator: np.random.Generator) -> MonitoringReport:
    """A report of these cells."""
    loans = generator.beta(1.6, 14, 4000)
    bad = generator.random(4000) < loans
    grades = np.digitize(loans, np.quantile(loans, [0.2, 0.4, 0.6, 0.8]))
    training = restricted_discrimination(loans, bad, loans < 0.2)
    models = [
        ModelInUse(model=model, first=first, last=last, decisions=decisions, reference=3000,
                   training=training)
        for model, first, last, decisions in (
            (OLD, cells[0].start, SWAP, 17000), (NEW, SWAP, cells[-1].end, 7000)
        )
    ]  # fmt: skip
    first = cells[0]
    counts = [
        GradeCounts(grade, int((grades == at).sum()), float(loans[grades == at].mean()),
                    int(bad[grades == at].sum()) + 30 * (grade == "C"))
        for at, grade in enumerate(GRADES)
    ]  # fmt: skip
    total = replace(
        first, key="total", volume=sum(cell.volume for cell in cells),
        default_rate=wilson(int(bad.sum()), 4000), discrimination=discrimination(loans, bad),
        calibration=calibration(loans, bad), expected=cells[-1].expected,
        models=[ModelShare(model=one.model, decisions=one.decisions) for one in models],
        maturity=Maturity(
            accepted=19000, not_taken_up=200, mature=4300, labelled=4000, good=int((~bad).sum()),
            bad=int(bad.sum()), coverage=wilson(4000, 4300),
        ),
    )  # fmt: skip
    row = OverrideRow(
        key="INCOME_PROVED", reviews=300, low_side=wilson(180, 200), high_side=wilson(20, 100)
    )
    rows = [row, replace(row, key="<b>POLICY</b>", reviews=12, low_side=wilson(1, 12))]
    return MonitoringReport(
        as_of=AS_OF, observed_until=date(2026, 11, 1), start=MONTH.later(-HISTORY).start,
        end=MONTH.end, by="month", group=None, window=12, pd_source="scorecard",
        definitions=[OutcomeDefinition(definition="90dpd", outcomes=8123)], models=models,
        total=total, cells=cells, grades=grade_tests(counts),
        vintages=[made_vintage(cell, at, generator) for at, cell in enumerate(cells)],
        overrides=OverrideTables(by_reason=rows, by_caller=rows, by_reviewer=rows), groups=[],
        features=None, challengers=[], remarks=[], notes=["7 decisions have no evidence any more."],
    )  # fmt: skip


def made_vintage(cell: Cell, at: int, generator: np.random.Generator):
    """The vintage of a cell: the later, the shorter."""
    age = min(12.0, 24.2 - at)
    times = generator.exponential(130 if not 5 <= at <= 8 else 60, cell.maturity.accepted)
    return vintage(cell.key, np.minimum(times, age), times < age, 12)


def made_features(cell: Cell) -> FeatureReport:
    """Stability indices of 30 features."""
    features = [
        FeatureDrift(name=f"EXT_SOURCE_{at}", label=f"External credit score {at}",
                     index=0.9 / (1 + at) ** 1.5, expected=0.012, bins=10)
        for at in range(30)
    ]  # fmt: skip
    total = CellFeatures(key="total", decisions=cell.volume - 3, erased=3, features=features)
    return FeatureReport(total=total, cells=[replace(total, key=cell.key)])


def with_groups(figures: MonthlyFigures, group: str = "sex") -> MonthlyFigures:
    """The figures with those by group."""
    counts = [
        GroupCounts("F", 15000, 12200, 600, 60, 8000, 200),
        GroupCounts("M", 9000, 5600, 500, 66, 4000, 130), GroupCounts(None, 12, 9),
    ]  # fmt: skip
    report = replace(figures.history, by="group", group=group, groups=group_ratios(counts))
    return replace(figures, groups=report)


def with_challenger(figures: MonthlyFigures, seed: int = 3) -> MonthlyFigures:
    """The figures with a challenger that knows a little more."""
    generator = np.random.default_rng(seed)
    pd = generator.beta(1.6, 14, 4000)
    bad = generator.random(4000) < pd
    other = np.clip(pd * generator.lognormal(0, 0.5, 4000), 0, 1)
    alike = DecidedAlike(
        decisions=wilson(17000, 20000), mean_pd=0.071, challenger_mean_pd=0.069, accepted=16900,
        mature=8000, coverage=wilson(7700, 8000), bad=wilson(540, 7700),
    )  # fmt: skip
    found = ChallengerComparison(
        challenger=CHALLENGER, champion=NEW, first=SWAP, last=AS_OF, decisions=20000, failed=4,
        agreement=wilson(18800, 20000), both_accept=alike,
        both_refuse=replace(alike, decisions=wilson(1800, 20000), bad=wilson(4, 20)),
        swap_in=replace(alike, decisions=wilson(500, 20000), bad=NOBODY),
        swap_out=replace(alike, decisions=wilson(700, 20000), bad=wilson(90, 300)),
        discrimination=discrimination(other, bad), champion_discrimination=discrimination(pd, bad),
        difference=discrimination_difference(other, pd, bad), calibration=calibration(other, bad),
        champion_calibration=calibration(pd, bad),
    )  # fmt: skip
    return replace(figures, history=replace(figures.history, challengers=[found]))
