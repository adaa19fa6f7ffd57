"""Why a client scores worse than those compared with: SHAP values to a few themes in plain words.

Regulation B (12 CFR 1002.9(b)(2) and its comments) asks a lender who refuses for the specific
principal reasons: factors that were scored, about four of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from credit_scoring.comparison import Comparison, Group
from credit_scoring.features import Feature
from credit_scoring.raw_rows import RawRows
from credit_scoring.tables import Matrix

NAMED = 5  # features of a reason


@dataclass(frozen=True)
class ReasonFeature:
    """One feature of a reason.

    Attributes:
        name, label, unit: of the feature.
        value: the client's, None or NaN where it is missing.
        median: of those compared with; None for text.
        contribution: SHAP values less their mean among those compared with.
    """

    name: str
    label: str
    value: float | str | None
    unit: str
    median: float | None
    contribution: float


@dataclass(frozen=True)
class Reason:
    """One theme that pushes a client towards default.

    Attributes:
        group: the theme.
        text: in plain words.
        contribution: in the model's raw output, more than 0.
        protected: whether a feature of the theme that law protects had a part in it.
        features: those with the largest contributions, largest first.
    """

    group: str
    text: str
    contribution: float
    protected: bool
    features: tuple[ReasonFeature, ...]


def reasons(
    comparison: Comparison,
    group: Group,
    rows: RawRows,
    transformed: Matrix,
    contributions: Matrix,
    most: int,
) -> list[tuple[list[Reason], float]]:
    """The reasons of each row, strongest first, and what all other themes contribute.

    Args:
        comparison: of the model.
        group: of it, the clients compared with.
        rows: raw values.
        transformed: the same transformed, shape (rows, n).
        contributions: SHAP values, shape (rows, n).
        most: how many reasons are given at most.
    """
    attribution = comparison.attribution
    by_factor = attribution.by_factor(contributions) - group.means
    by_group = attribution.by_group(by_factor)
    found = []
    for row, of_groups in enumerate(by_group):
        largest = np.argsort(-of_groups, kind="stable")[:most]
        chosen = [int(theme) for theme in largest if of_groups[theme] > 0]
        given = [
            _reason(comparison, group, theme, rows, transformed, row, by_factor[row])
            for theme in chosen
        ]
        total = sum(reason.contribution for reason in given)
        found.append((given, float(by_factor[row].sum() - total)))
    return found


def _reason(
    comparison: Comparison,
    group: Group,
    theme: int,
    rows: RawRows,
    transformed: Matrix,
    row: int,
    by_factor: Matrix,
) -> Reason:
    attribution = comparison.attribution
    members = np.flatnonzero(attribution.group_of == theme)
    ordered = members[np.argsort(-np.abs(by_factor[members]), kind="stable")]
    features = [
        _feature(comparison, group, int(factor), rows, transformed, row, float(by_factor[factor]))
        for factor in ordered[:NAMED]
    ]
    strongest = int(members[np.argmax(by_factor[members])])
    pushed = _feature(comparison, group, strongest, rows, transformed, row, 0.0)
    name = attribution.groups[theme]
    return Reason(
        group=name,
        text=_wording(attribution.factors[strongest], pushed) or name,
        contribution=float(by_factor[members].sum()),
        protected=any(attribution.factors[at].protected and by_factor[at] for at in members),
        features=tuple(features),
    )


def _feature(
    comparison: Comparison,
    group: Group,
    factor: int,
    rows: RawRows,
    transformed: Matrix,
    row: int,
    contribution: float,
) -> ReasonFeature:
    attribution = comparison.attribution
    feature, raw, output = (
        attribution.factors[factor],
        attribution.raw[factor],
        attribution.outputs[factor],
    )
    value = rows.value(row, raw) if raw is not None else float(transformed[row, output])
    return ReasonFeature(
        feature.name, feature.label, value, feature.unit, group.medians[factor], contribution
    )


def _wording(feature: Feature, pushed: ReasonFeature) -> str:
    """What the dictionary says of the feature that pushed most towards default."""
    value, median = pushed.value, pushed.median
    if value is None or value != value:
        return feature.reason_missing
    if isinstance(value, str) or median is None:
        return ""
    if value > median:
        return feature.reason_high
    return feature.reason_low if value < median else ""


def importance(comparison: Comparison) -> tuple[Sequence[tuple[str, float]], Matrix]:
    """Mean absolute contributions among all: by theme, largest first, and by factor."""
    group = comparison.groups["all"]
    centred = group.contributions - group.means
    by_group = np.abs(comparison.attribution.by_group(centred)).mean(axis=0)
    order = np.argsort(-by_group, kind="stable")
    themes = [(comparison.attribution.groups[at], float(by_group[at])) for at in order]
    return themes, np.abs(centred).mean(axis=0)
