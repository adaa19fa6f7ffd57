"""Remarks that a reader of a report must know."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from register.monitoring.cell import Cell
from register.monitoring.counting.values import NOT_KNOWN, OTHERS
from register.monitoring.feature_report import FeatureReport
from register.monitoring.query import MonitoringQuery
from register.monitoring.reading.labels import PerformanceWindow
from register.monitoring.report import ModelInUse, OutcomeDefinition, PdSource

FEW = 5  # names in a remark


def notes(
    query: MonitoringQuery,
    window: PerformanceWindow,
    total: Cell,
    cells: Sequence[Cell],
    models: Sequence[ModelInUse],
    definitions: Sequence[OutcomeDefinition],
    pd_source: PdSource,
    features: FeatureReport | None,
    retired: datetime,
) -> list[str]:
    """The remarks of a report, in plain sentences.

    Args:
        query: of the report.
        window: of performance.
        total, cells, models, definitions, pd_source, features: of the report.
        retired: the time before which old decisions were deleted.
    """
    return [
        *_on_retirement(query, retired),
        *_on_outcomes(window, total, definitions),
        *_on_models(models, pd_source),
        *_on_swaps([*cells, total]),
        *_on_cells(query, cells),
        *_on_features(features),
    ]


def _on_retirement(query: MonitoringQuery, retired: datetime) -> Iterator[str]:
    if query.start < retired:
        yield (
            f"Decisions before {retired.date()} were deleted when they were old, except those under"
            " a legal hold: figures of that time are about these only, which are not typical."
        )


def _on_outcomes(
    window: PerformanceWindow, total: Cell, definitions: Sequence[OutcomeDefinition]
) -> Iterator[str]:
    maturity, until = total.maturity, window.observed_until
    if total.volume and until is not None and until < window.as_of.date():
        yield (
            f"The register has outcomes up to {until}: a performance window that ends later counts"
            " as not ended, since only its bad loans would be known."
        )
    if total.volume and not maturity.mature:
        yield (
            "No performance window has ended yet: there are no default rates, and no figures of"
            " discrimination and calibration."
        )
    if unknown := maturity.mature - maturity.labelled:
        yield (
            f"{unknown:,} of {maturity.mature:,} loans whose window has ended have no known end:"
            " figures of performance leave them out, and are doubtful if these differ from the"
            " others."
        )
    if len(definitions) > 1 and maturity.labelled:
        names = ", ".join(one.definition for one in definitions)
        yield (
            f"Outcomes in the register have {len(definitions)} definitions ({names}): figures of"
            " performance take all of them together."
        )
    if total.reviews.open:
        yield f"{total.reviews.open:,} review requests are open; they do not count as waiting time."


def _on_models(models: Sequence[ModelInUse], pd_source: PdSource) -> Iterator[str]:
    unknown = [model.model[:12] for model in models if model.reference is None]
    if unknown:
        yield (
            "The scores of the reference clients are not in the register for the model"
            f" {', '.join(unknown)}: its decisions have no stability index of the score."
        )
    if pd_source == "mixed":
        yield (
            "Some decisions have a scorecard's probability of default, and others only the model's"
            " probability: figures of calibration take both."
        )


def _on_swaps(cells: Sequence[Cell]) -> Iterator[str]:
    names = [cell.key for cell in cells if cell.discrimination and len(cell.models) > 1]
    if names:
        others = " and others" if len(names) > FEW else ""
        yield (
            "AUC, Gini and KS take the scores of several models together, which may differ in"
            " meaning, and are no model's own, where more than one decided:"
            f" {', '.join(names[:FEW])}{others}. by=bundle has each model's own."
        )


def _on_cells(query: MonitoringQuery, cells: Sequence[Cell]) -> Iterator[str]:
    for cell in cells:
        if query.by == "group" and cell.key == NOT_KNOWN:
            yield f"{cell.volume:,} decisions have no value of {query.group}."
        if cell.key == OTHERS:
            yield f"The less frequent cells are one: {OTHERS}."


def _on_features(features: FeatureReport | None) -> Iterator[str]:
    if features is not None and features.total.erased:
        yield (
            f"{features.total.erased:,} decisions have no record that can be read: the indices of"
            " the features leave them out."
        )
