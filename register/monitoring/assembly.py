"""`assembled`: a report from all that was counted."""

from dataclasses import replace

from register.monitoring.challenger_counts import challenger_comparisons
from register.monitoring.counted import Counted
from register.monitoring.counting.cell_figures import TOTAL, CellFigures
from register.monitoring.counting.remarks import remarks
from register.monitoring.counting.reviews.review_counts import ReviewCounts
from register.monitoring.document.feature_report import FeatureReport
from register.monitoring.document.override_tables import OverrideTables
from register.monitoring.document.report import (
    ModelInUse,
    MonitoringReport,
    OutcomeDefinition,
    PdSource,
)
from register.monitoring.features.feature_counts import FeatureCounter, cell_features
from register.monitoring.reading.census import BundleUse
from register.verification.deletions import read_retirements


def assembled(counted: Counted, counter: FeatureCounter) -> MonitoringReport:
    """The report.

    Args:
        counted: from the register; its transaction goes on.
        counter: counts the records for the features' indices.
    """
    query, tally, connection = counted.query, counted.tally, counted.connection
    reviews = ReviewCounts.of(counted.steps)
    figures = CellFigures(counted.census, tally, reviews, counted.references)
    total, cells = figures.total(), figures.cells()
    features = _features(counted, figures, counter) if query.features else None
    models, pd_source = _models(counted), _pd_source(counted)
    definitions = [
        OutcomeDefinition(definition=definition, outcomes=outcomes)
        for definition, outcomes in counted.definitions.items()
    ]
    found = remarks(
        query,
        counted.window,
        total,
        cells,
        models,
        definitions,
        pd_source,
        features,
        read_retirements(connection).before,
    )
    return MonitoringReport(
        as_of=counted.window.as_of,
        start=query.start,
        end=query.end,
        by=query.by,
        group=counted.cells.group,
        window=counted.window.months,
        observed_until=counted.window.observed_until,
        pd_source=pd_source,
        definitions=definitions,
        models=models,
        total=total,
        cells=cells,
        grades=figures.grades(),
        vintages=tally.vintages.vintages(),
        overrides=_overrides(counted, reviews),
        groups=figures.groups() if query.by == "group" else [],
        features=features,
        challengers=challenger_comparisons(connection, counted.facts, counted.window),
        remarks=found,
        notes=[remark.sentence for remark in found],
    )


def _overrides(counted: Counted, reviews: ReviewCounts) -> OverrideTables:
    steps, census = counted.steps, counted.census
    reasons, reviewers, callers = counted.reasons, counted.reviewers, counted.callers
    return OverrideTables(
        by_reason=reviews.overrides(reasons, reasons.codes(steps["reason"])),
        by_caller=reviews.overrides(
            callers, callers.codes(steps["caller"]), census.refused, census.accepted
        ),
        by_reviewer=reviews.overrides(reviewers, reviewers.codes(steps["reviewer"])),
    )


def _models(counted: Counted) -> list[ModelInUse]:
    """The models; several bundles may have one, of which the last is the reference."""
    found: dict[str, list[BundleUse]] = {}
    for use in counted.census.bundles:
        found.setdefault(use.model, []).append(use)
    models = []
    for model, uses in found.items():
        reference = counted.references.get(uses[-1].id)
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


def _pd_source(counted: Counted) -> PdSource:
    with_pd = counted.census.with_pd
    if not with_pd:
        return "probability"
    return "scorecard" if with_pd == counted.census.decisions else "mixed"


def _features(counted: Counted, figures: CellFigures, counter: FeatureCounter) -> FeatureReport:
    # pandas takes half a second, and only the features need it.
    from register.monitoring.features.recorded_features import RecordedFeatures

    cells = counted.cells
    recorded = RecordedFeatures(
        counted.connection, counted.period, cells, counted.columns, counted.names
    )
    bundles = recorded.counted([use.id for use in counted.census.bundles], counter)
    volume = counted.tally.counts["volume"]
    found = [
        cell_features(cells.keys[cell], [cell], bundles, int(volume[cell]))
        for cell in figures.shown
    ]
    return FeatureReport(
        total=cell_features(TOTAL, range(len(cells)), bundles, int(volume.sum())),
        cells=[
            of if figures.has_scores(cell) else replace(of, features=[])
            for cell, of in zip(figures.shown, found, strict=True)
        ],
    )
