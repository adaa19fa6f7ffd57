"""Reason codes: a client's SHAP values, compared with peers, as a few themes in plain words.

Regulation B (12 CFR 1002.9(b)(2) and its comments) requires a lender who refuses to state the
specific principal reasons: factors that were scored, about four of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from credit_scoring.data.raw_batch import RawBatch, Texts
from credit_scoring.data.tables import Matrix
from credit_scoring.explain.peers import Compare, PeerGroup, Peers
from credit_scoring.explain.reason_texts import HIGH, LOW, MISSING, NEITHER
from credit_scoring.model.classifiers.classifier import Classifier, RawOutput

NAMED = 5  # features of a reason
ContributionsIn = Annotated[
    RawOutput,
    Field(
        description="unit of contributions; margin: a score of the model below its calibration,"
        " which is neither log-odds nor a probability"
    ),
]
ExplainedBy = Annotated[
    str,
    Field(
        description="method of contributions; by permutation they are estimates, by all others"
        " exact",
        examples=["treeshap", "linear", "permutation"],
    ),
]


@dataclass(frozen=True)
class ReasonFeature:
    """One feature of a reason."""

    name: str
    label: Annotated[str, Field(description="in plain words")]
    value: Annotated[float | str | None, Field(description="the client's value; null if missing")]
    unit: str
    median: Annotated[float | None, Field(description="the peers' median; null for text")]
    contribution: Annotated[float, Field(description="its part of the theme's contribution")]


@dataclass(frozen=True)
class Reason:
    """A theme for which the client scores worse than the peers."""

    group: Annotated[str, Field(description="the theme", examples=["External credit scores"])]
    text: Annotated[
        str,
        Field(
            description="in plain words: those of `features.csv` for the feature that pushed most,"
            " else its label, the client's value and that of a typical peer",
            examples=["External credit scores are low", "Income a year: 67,500 (typical 150,750)"],
        ),
    ]
    contribution: Annotated[float, Field(description="the theme's push towards default")]
    protected: Annotated[
        bool, Field(description="true if a trait that law protects contributed to it")
    ]
    features: Annotated[
        tuple[ReasonFeature, ...],
        Field(description="up to five features, the largest contribution first"),
    ]


@dataclass(frozen=True)
class RowReasons:
    """The reasons of one row.

    Attributes:
        reasons: the strongest first.
        other: the contribution of all other themes, in the model's raw output; None if no reasons
            were requested.
    """

    reasons: Sequence[Reason] = ()
    other: float | None = None


@dataclass(frozen=True, eq=False)
class RankedThemes:
    """The strongest themes of some rows.

    All except `by_factor` have the shape (rows, most), and are filled up with -1 or NaN after the
    last theme that pushes towards default.

    Attributes:
        by_factor: contributions minus the peers' means, shape (rows, factors).
        themes: indices of themes, strongest first.
        contributions: contributions of these themes.
        strongest: the index of each theme's strongest factor.
        wordings: the member of `WORDINGS` that fits this factor.
    """

    by_factor: Matrix
    themes: NDArray[np.intp]
    contributions: Matrix
    strongest: NDArray[np.intp]
    wordings: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class ReasonFinder:
    """Finds the reasons of some rows.

    Attributes:
        peers: the model's peers.
        compare: the peer group to compare with.
        rows: raw values.
        transformed: transformed values, shape (rows, n).
        contributions: SHAP values, shape (rows, n).
        most: the largest number of reasons of a row.
    """

    peers: Peers
    compare: Compare
    rows: RawBatch
    transformed: Matrix
    contributions: Matrix
    most: int

    @cached_property
    def ranked(self) -> RankedThemes:
        """The strongest themes of all rows."""
        attribution = self.peers.attribution
        by_factor = attribution.by_factor(self.contributions) - self._group.means
        by_theme = attribution.by_theme(by_factor)
        themes = np.argsort(-by_theme, axis=1, kind="stable")[:, : self.most]
        themes = np.where(np.take_along_axis(by_theme, themes, axis=1) > 0, themes, -1)
        totals, strongest = np.full(themes.shape, np.nan), np.full(themes.shape, -1)
        for theme in np.unique(themes[themes >= 0]):
            members = np.array(attribution.members[theme])
            chosen = themes == theme
            # The sum over a contiguous row equals that of the row alone, to the last bit.
            theirs = np.take(by_factor[chosen.any(axis=1)], members, axis=1)
            totals[chosen] = theirs.sum(axis=1)
            strongest[chosen] = members[theirs.argmax(axis=1)]
        wordings = np.full(themes.shape, -1)
        for factor in np.unique(strongest[strongest >= 0]).tolist():
            chosen = strongest == factor
            wordings[chosen] = self._wordings(factor, chosen.any(axis=1))
        return RankedThemes(by_factor, themes, totals, strongest, wordings)

    def of_row(self, row: int) -> RowReasons:
        """The reasons of one row, in words."""
        ranked, attribution = self.ranked, self.peers.attribution
        by_factor = ranked.by_factor[row].tolist()
        themes = [theme for theme in ranked.themes[row].tolist() if theme >= 0]
        found = [
            Reason(
                group=attribution.themes[theme],
                text=self.text(row, at),
                contribution=float(ranked.contributions[row, at]),
                protected=any(by_factor[factor] for factor in attribution.protected[theme]),
                features=self._features(theme, row, by_factor),
            )
            for at, theme in enumerate(themes)
        ]
        total = float(ranked.by_factor[row].sum())
        return RowReasons(found, total - sum(reason.contribution for reason in found))

    def texts(self) -> Texts:
        """The texts of all rows, shape (rows, most); None after a row's last reason."""
        texts = np.full(self.ranked.themes.shape, None, object)
        for row, at in np.argwhere(self.ranked.themes >= 0).tolist():
            texts[row, at] = self.text(row, at)
        return texts

    def text(self, row: int, at: int) -> str:
        """The text of one reason of a row: the strongest for `at` 0."""
        factor, wording = int(self.ranked.strongest[row, at]), int(self.ranked.wordings[row, at])
        words = self._group.words[factor]
        return words.own[wording] or words.text(wording, self._value(factor, row))

    @property
    def _group(self) -> PeerGroup:
        return self.peers.groups[self.compare]

    def _wordings(self, factor: int, some: NDArray[np.bool_]) -> NDArray[np.intp]:
        """The member of `WORDINGS` that fits a factor, for some rows."""
        attribution, median = self.peers.attribution, self._group.medians[factor]
        raw, output = attribution.raw[factor], attribution.outputs[factor]
        if raw is not None and raw in self.rows.texts:
            missing = np.array([text is None for text in self.rows.texts[raw][some]])
            return np.where(missing, MISSING, NEITHER)
        values = self.rows.numbers[some, raw] if raw is not None else self.transformed[some, output]
        if median is None:
            median = np.nan
        conditions = [np.isnan(values), values > median, values < median]
        return np.select(conditions, [MISSING, HIGH, LOW], NEITHER).astype(np.intp)

    def _features(
        self, theme: int, row: int, by_factor: Sequence[float]
    ) -> tuple[ReasonFeature, ...]:
        attribution, medians = self.peers.attribution, self._group.medians
        members, factors = attribution.members[theme], attribution.factors
        sizes = {factor: abs(by_factor[factor]) for factor in members}
        strongest = sorted(members, key=sizes.__getitem__, reverse=True)[:NAMED]
        return tuple(
            [
                ReasonFeature(
                    (feature := factors[factor]).name,
                    feature.label,
                    self._value(factor, row),
                    feature.unit,
                    medians[factor],
                    by_factor[factor],
                )
                for factor in strongest
            ]
        )

    def _value(self, factor: int, row: int) -> float | str | None:
        raw = self.peers.attribution.raw[factor]
        if raw is not None:
            return self.rows.value(row, raw)
        return float(self.transformed[row, self.peers.attribution.outputs[factor]])


@dataclass(frozen=True)
class ThemeImportance:
    """A theme's part in the scores."""

    group: str
    importance: Annotated[float, Field(description="mean absolute contribution")]


@dataclass(frozen=True)
class FeatureImportance:
    """A feature's part in the scores."""

    name: str
    label: str
    group: str
    importance: Annotated[float, Field(description="mean absolute contribution")]


@dataclass(frozen=True)
class Importance:
    """The weight of each theme and feature in the scores."""

    clients: Annotated[int, Field(description="number of earlier clients explained")]
    groups: Annotated[
        tuple[ThemeImportance, ...], Field(description="the most important theme first")
    ]
    features: Annotated[
        tuple[FeatureImportance, ...], Field(description="the most important feature first")
    ]
    contributions_in: ContributionsIn
    explained_by: ExplainedBy


def importance(peers: Peers, classifier: Classifier) -> Importance:
    """Mean absolute contributions of themes and features, in the model's raw output.

    Args:
        peers: have the contributions.
        classifier: explained them.
    """
    group, attribution = peers.groups["all"], peers.attribution
    centred = group.contributions - group.means
    by_theme = np.abs(attribution.by_theme(centred)).mean(axis=0)
    by_factor = np.abs(centred).mean(axis=0).tolist()
    themes = np.argsort(-by_theme, kind="stable").tolist()
    features = [
        FeatureImportance(factor.name, factor.label, factor.theme, size)
        for factor, size in zip(attribution.factors, by_factor, strict=True)
    ]
    return Importance(
        len(group),
        tuple(ThemeImportance(attribution.themes[at], float(by_theme[at])) for at in themes),
        tuple(sorted(features, key=lambda feature: -feature.importance)),
        classifier.raw_output,
        classifier.explained_by,
    )
