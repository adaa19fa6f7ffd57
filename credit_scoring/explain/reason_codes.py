"""Reason codes: a client's SHAP values, compared with peers, as a few themes in plain words.

Strengths are the themes for which the client scores better than the peers.

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
from credit_scoring.model.classifiers.classifier import RawOutput

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
    """A theme for which the client scores worse than the peers; as a strength, better."""

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
    """The reasons and strengths of one row.

    Attributes:
        reasons: the strongest first.
        other: the contribution of all other themes, in the model's raw output; None if nothing was
            requested.
        strengths: the strongest first; None if none were requested.
    """

    reasons: Sequence[Reason] = ()
    other: float | None = None
    strengths: Sequence[Reason] | None = None


@dataclass(frozen=True, eq=False)
class RankedThemes:
    """The strongest themes of some rows.

    All except `by_factor` have the shape (rows, most), and are filled up with -1 or NaN after the
    last theme that pushes towards default. For strengths, all contributions are negated.

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
    """Finds the reasons and strengths of some rows.

    Attributes:
        peers: the model's peers.
        compare: the peer group to compare with.
        rows: raw values.
        transformed: transformed values, shape (rows, n).
        contributions: SHAP values, shape (rows, n).
        most: the largest number of reasons of a row.
        most_strengths: the largest number of strengths of a row.
    """

    peers: Peers
    compare: Compare
    rows: RawBatch
    transformed: Matrix
    contributions: Matrix
    most: int
    most_strengths: int = 0

    @cached_property
    def ranked(self) -> RankedThemes:
        """The themes of all rows that push most towards default."""
        return self._ranked(self._by_factor, self.most)

    @cached_property
    def strengths(self) -> RankedThemes:
        """The themes of all rows that push most away from default."""
        return self._ranked(-self._by_factor, self.most_strengths)

    @cached_property
    def _by_factor(self) -> Matrix:
        """Contributions minus the peers' means, shape (rows, factors)."""
        return self.peers.attribution.by_factor(self.contributions) - self._group.means

    def _ranked(self, by_factor: Matrix, most: int) -> RankedThemes:
        """The themes with the largest sums of some values, shape (rows, factors)."""
        attribution = self.peers.attribution
        by_theme = attribution.by_theme(by_factor)
        themes = np.argsort(-by_theme, axis=1, kind="stable")[:, :most]
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
        """The reasons and strengths of one row, in words."""
        by_factor = self._by_factor[row].tolist()
        reasons = [
            self._reason(theme, self.text(row, at), total, row, by_factor)
            for at, (theme, total) in enumerate(_of_row(self.ranked, row))
        ]
        other = float(self._by_factor[row].sum()) - sum(each.contribution for each in reasons)
        if not self.most_strengths:
            return RowReasons(reasons, other)
        strengths = [
            self._reason(theme, self._compared(row, at), -total, row, by_factor)
            for at, (theme, total) in enumerate(_of_row(self.strengths, row))
        ]
        other -= sum(each.contribution for each in strengths)
        return RowReasons(reasons, other, strengths)

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

    def _compared(self, row: int, at: int) -> str:
        """The text of one strength of a row; words of its own would blame the client."""
        factor = int(self.strengths.strongest[row, at])
        return self._group.words[factor].compared(self._value(factor, row))

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

    def _reason(
        self, theme: int, text: str, contribution: float, row: int, by_factor: Sequence[float]
    ) -> Reason:
        attribution = self.peers.attribution
        return Reason(
            group=attribution.themes[theme],
            text=text,
            contribution=contribution,
            protected=any(by_factor[factor] for factor in attribution.protected[theme]),
            features=self._features(theme, row, by_factor),
        )

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


def _of_row(ranked: RankedThemes, row: int) -> list[tuple[int, float]]:
    """The themes of one row and their contributions."""
    pairs = zip(ranked.themes[row].tolist(), ranked.contributions[row].tolist(), strict=True)
    return [(theme, total) for theme, total in pairs if theme >= 0]
