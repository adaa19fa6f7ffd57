"""Why a client scores worse than those compared with: SHAP values to a few themes in plain words.

Regulation B (12 CFR 1002.9(b)(2) and its comments) asks a lender who refuses for the specific
principal reasons: factors that were scored, about four of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.explain.feature_attribution import Attribution
from credit_scoring.explain.peers import PeerGroup, Peers

NAMED = 5  # features of a reason
# What is said of the factor that pushes most: that its value is missing, high or low, or its theme.
WORDINGS = MISSING, HIGH, LOW, NAME_ALONE = range(4)


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
    peers: Peers,
    group: PeerGroup,
    rows: RawBatch,
    transformed: Matrix,
    contributions: Matrix,
    most: int,
) -> Iterator[tuple[list[Reason], float]]:
    """The reasons of each row, strongest first, and what all other themes contribute.

    They are found for all rows together, and put into words when they are taken.

    Args:
        comparison: of the model.
        group: of it, the clients compared with.
        rows: raw values.
        transformed: the same transformed, shape (rows, n).
        contributions: SHAP values, shape (rows, n).
        most: how many reasons are given at most.
    """
    ranked = rank(peers, group, rows, transformed, contributions, most)
    attribution, totals = peers.attribution, ranked.by_factor.sum(axis=1).tolist()
    for row, themes in enumerate(ranked.themes.tolist()):
        given, by_factor = [], ranked.by_factor[row].tolist()
        for at, theme in enumerate(theme for theme in themes if theme >= 0):
            members = attribution.members[theme]
            reason = Reason(
                group=attribution.groups[theme],
                text=wording(attribution, ranked.strongest[row, at], ranked.wordings[row, at]),
                contribution=float(ranked.contributions[row, at]),
                protected=_is_protected(attribution, members, by_factor),
                features=_features(peers, group, members, rows, transformed, row, by_factor),
            )
            given.append(reason)
        yield given, totals[row] - sum(reason.contribution for reason in given)


@dataclass(frozen=True, eq=False)
class Ranked:
    """The strongest themes of some rows.

    Attributes:
        by_factor: contributions less their means among those compared with, shape (rows, factors).
        themes: positions of themes, strongest first, -1 beyond the last one that pushes towards
            default, shape (rows, most).
        contributions: of these, NaN beyond.
        strongest: the factor of each that pushes most, -1 beyond.
        wordings: positions among `WORDINGS`, which fits that factor; -1 beyond.
    """

    by_factor: Matrix
    themes: NDArray[np.intp]
    contributions: Matrix
    strongest: NDArray[np.intp]
    wordings: NDArray[np.intp]


def rank(
    peers: Peers,
    group: PeerGroup,
    rows: RawBatch,
    transformed: Matrix,
    contributions: Matrix,
    most: int,
) -> Ranked:
    """The strongest themes of each row, and their wording; the arguments are those of `reasons`."""
    attribution = peers.attribution
    by_factor = attribution.by_factor(contributions) - group.means
    by_group = attribution.by_group(by_factor)
    themes = np.argsort(-by_group, axis=1, kind="stable")[:, :most]
    themes = np.where(np.take_along_axis(by_group, themes, axis=1) > 0, themes, -1)
    totals, strongest = np.full(themes.shape, np.nan), np.full(themes.shape, -1)
    for theme in np.unique(themes[themes >= 0]):
        members = np.array(attribution.members[theme])
        chosen = themes == theme
        # Contiguous rows are summed as each is alone, to the last bit.
        theirs = np.take(by_factor[chosen.any(axis=1)], members, axis=1)
        totals[chosen] = theirs.sum(axis=1)
        strongest[chosen] = members[theirs.argmax(axis=1)]
    wordings = np.full(themes.shape, -1)
    for factor in np.unique(strongest[strongest >= 0]).tolist():
        chosen = strongest == factor
        some = chosen.any(axis=1)
        wordings[chosen] = _wordings(peers, group, factor, rows, transformed, some)
    return Ranked(by_factor, themes, totals, strongest, wordings)


def _wordings(
    peers: Peers,
    group: PeerGroup,
    factor: int,
    rows: RawBatch,
    transformed: Matrix,
    some: NDArray[np.bool_],
) -> NDArray[np.intp]:
    """Which of `WORDINGS` fits the factor that pushed most towards default, for some rows."""
    attribution, median = peers.attribution, group.medians[factor]
    raw, output = attribution.raw[factor], attribution.outputs[factor]
    if raw is not None and raw in rows.texts:
        missing = np.array([text is None for text in rows.texts[raw][some]])
        return np.where(missing, MISSING, NAME_ALONE)
    values = rows.numbers[some, raw] if raw is not None else transformed[some, output]
    if median is None:
        median = np.nan
    conditions = [np.isnan(values), values > median, values < median]
    return np.select(conditions, [MISSING, HIGH, LOW], NAME_ALONE).astype(np.intp)


def wording(attribution: Attribution, factor: int, which: int) -> str:
    """What the dictionary says of a factor; its theme's name where it says nothing."""
    feature = attribution.factors[factor]
    said = (feature.reason_missing, feature.reason_high, feature.reason_low, "")[which]
    return said or attribution.groups[attribution.group_of[factor]]


def _is_protected(
    attribution: Attribution, members: Sequence[int], by_factor: Sequence[float]
) -> bool:
    return any(attribution.factors[at].protected and by_factor[at] for at in members)


def _features(
    peers: Peers,
    group: PeerGroup,
    members: Sequence[int],
    rows: RawBatch,
    transformed: Matrix,
    row: int,
    by_factor: Sequence[float],
) -> tuple[ReasonFeature, ...]:
    ordered = sorted(members, key=lambda factor: -abs(by_factor[factor]))
    return tuple(
        _feature(peers, group, factor, rows, transformed, row, by_factor[factor])
        for factor in ordered[:NAMED]
    )


def _feature(
    peers: Peers,
    group: PeerGroup,
    factor: int,
    rows: RawBatch,
    transformed: Matrix,
    row: int,
    contribution: float,
) -> ReasonFeature:
    attribution = peers.attribution
    feature, raw, output = (
        attribution.factors[factor],
        attribution.raw[factor],
        attribution.outputs[factor],
    )
    value = rows.value(row, raw) if raw is not None else float(transformed[row, output])
    return ReasonFeature(
        feature.name, feature.label, value, feature.unit, group.medians[factor], contribution
    )


def importance(peers: Peers) -> tuple[Sequence[tuple[str, float]], Matrix]:
    """Mean absolute contributions among all: by theme, largest first, and by factor."""
    group = peers.groups["all"]
    centred = group.contributions - group.means
    by_group = np.abs(peers.attribution.by_group(centred)).mean(axis=0)
    order = np.argsort(-by_group, kind="stable")
    themes = [(peers.attribution.groups[at], float(by_group[at])) for at in order]
    return themes, np.abs(centred).mean(axis=0)
