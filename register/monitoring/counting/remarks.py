"""Remarks that a reader of a report must know."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from register.monitoring.counting.values import NOT_KNOWN, OTHERS
from register.monitoring.document.cell import Cell
from register.monitoring.document.feature_report import FeatureReport
from register.monitoring.document.remark import Remark
from register.monitoring.document.report import ModelInUse, OutcomeDefinition, PdSource
from register.monitoring.query import MonitoringQuery
from register.monitoring.reading.labels import PerformanceWindow

FEW = 5  # names in a remark
MORE = "…"


def remarks(
    query: MonitoringQuery,
    window: PerformanceWindow,
    total: Cell,
    cells: Sequence[Cell],
    models: Sequence[ModelInUse],
    definitions: Sequence[OutcomeDefinition],
    pd_source: PdSource,
    features: FeatureReport | None,
    retired: datetime,
) -> list[Remark]:
    """The remarks of a report.

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


def _on_retirement(query: MonitoringQuery, retired: datetime) -> Iterator[Remark]:
    if query.start < retired:
        yield Remark.of_values("retired", day=retired.date().isoformat())


def _on_outcomes(
    window: PerformanceWindow, total: Cell, definitions: Sequence[OutcomeDefinition]
) -> Iterator[Remark]:
    maturity, until = total.maturity, window.observed_until
    if total.volume and until is not None and until < window.as_of.date():
        yield Remark.of_values("observed_until", day=until.isoformat())
    if total.volume and not maturity.mature:
        yield Remark.of_values("none_mature")
    if unknown := maturity.mature - maturity.labelled:
        yield Remark.of_values("unknown_ends", number=unknown, of=maturity.mature)
    if len(definitions) > 1 and maturity.labelled:
        names = ", ".join(one.definition for one in definitions)
        yield Remark.of_values("several_definitions", number=len(definitions), names=names)
    if total.reviews.open:
        yield Remark.of_values("open_requests", number=total.reviews.open)


def _on_models(models: Sequence[ModelInUse], pd_source: PdSource) -> Iterator[Remark]:
    unknown = [model.model[:12] for model in models if model.reference is None]
    if unknown:
        yield Remark.of_values("no_reference", names=", ".join(unknown))
    if pd_source == "mixed":
        yield Remark.of_values("mixed_pd")


def _on_swaps(cells: Sequence[Cell]) -> Iterator[Remark]:
    names = [cell.key for cell in cells if cell.discrimination and len(cell.models) > 1]
    if names:
        more = [MORE] * (len(names) > FEW)
        yield Remark.of_values("several_models", names=", ".join([*names[:FEW], *more]))


def _on_cells(query: MonitoringQuery, cells: Sequence[Cell]) -> Iterator[Remark]:
    for cell in cells:
        if query.by == "group" and cell.key == NOT_KNOWN:
            yield Remark.of_values("no_group", number=cell.volume, names=query.group)
        if cell.key == OTHERS:
            yield Remark.of_values("other_cells", names=OTHERS)


def _on_features(features: FeatureReport | None) -> Iterator[Remark]:
    if features is not None and features.total.erased:
        yield Remark.of_values("no_records", number=features.total.erased)
