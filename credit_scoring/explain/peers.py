"""Peers: the reference clients whose scores and SHAP values an applicant's are compared with.

Regulation B (12 CFR 1002.9, comment (b)(2)-5) names both comparisons: with applicants whose scores
were at or slightly above the minimum that is accepted, and with all applicants.
"""

import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Matrix
from credit_scoring.explain.feature_attribution import Attribution, attribute
from credit_scoring.explain.reason_texts import FactorWords
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.reference_scores import reference_scores

MOST_PEERS = 500  # of a group, if the classifier explains as many in reasonable time
BY_CHANCE = 2  # standard deviations

Compare = Literal["near", "all"]


@dataclass(frozen=True)
class Percentiles:
    """The share of each class with a lower probability; null (NaN) without clients of the class."""

    class0: Annotated[float | None, Field(description="among those who paid", examples=[0.964])]
    class1: Annotated[
        float | None, Field(description="among those who did not pay", examples=[0.611])
    ]


@dataclass(frozen=True, eq=False)
class PeerGroup:
    """Reference clients with whom an applicant is compared.

    Attributes:
        contributions: SHAP values by factor, shape (clients, factors).
        means: means of the contributions, shape (factors,).
        medians: medians of the factors' values; None for text, NaN if all are missing.
        words: of each factor, for a reason that it leads.
    """

    contributions: Matrix
    means: Matrix
    medians: tuple[float | None, ...]
    words: tuple[FactorWords, ...]

    def __len__(self) -> int:
        """Return the number of clients."""
        return len(self.contributions)


@dataclass(frozen=True, eq=False)
class Peers:
    """Scores and peer groups of the reference population under one model.

    Attributes:
        attribution: factors and themes of the transformer's outputs.
        probabilities: probabilities of the reference clients, in the order of the file.
        by_class: probabilities of class 0 and of class 1, rising. Not NumPy arrays, whose search
            releases the interpreter's lock and takes it back before another thread wakes up.
        groups: `near`, accepted clients nearest to the threshold; `all`, a sample of all clients,
            evenly spaced by score.
    """

    attribution: Attribution
    probabilities: Matrix
    by_class: tuple["array[float]", "array[float]"]
    groups: dict[Compare, PeerGroup]

    def percentiles(self, probability: float) -> Percentiles:
        """The share of each class with a lower probability."""
        class0, class1 = (
            bisect_left(rising, probability) / len(rising) if rising else math.nan
            for rising in self.by_class
        )
        return Percentiles(class0, class1)

    def reversed_auc(self) -> float | None:
        """The area under the ROC curve if it is below a half by more than chance, else None.

        The area is Mann and Whitney's statistic divided by nm; by chance its standard deviation is
        sqrt((n + m + 1) / 12nm) (Mann and Whitney 1947, "On a test of whether one of two random
        variables is stochastically larger than the other").
        """
        solvent, default = (np.asarray(rising) for rising in self.by_class)
        pairs = len(solvent) * len(default)
        if not pairs:
            return None
        below = np.searchsorted(solvent, default) + np.searchsorted(solvent, default, "right")
        auc = float(below.sum() / 2 / pairs)
        deviation = math.sqrt((len(solvent) + len(default) + 1) / 12 / pairs)
        return auc if auc < 0.5 - BY_CHANCE * deviation else None


def find_peers(scorer: RawScorer, reference: ReferencePopulation, threshold: float) -> Peers:
    """Score the reference clients and explain the peers among them.

    Both groups together have no more clients than the classifier explains in reasonable time.

    Args:
        scorer: has the model.
        reference: the reference clients.
        threshold: decision threshold, a probability.

    Raises:
        BadFile: the transformer refuses a reference client.
        Exception: any exception of the model.
    """
    probabilities = reference_scores(scorer, reference)
    attribution = attribute(scorer, reference)
    most = max(1, min(MOST_PEERS, scorer.classifier.most_explained // 2))
    chosen = {
        "near": near(probabilities, threshold, most),
        "all": spread(probabilities, most),
    }
    # A client in both groups is explained once.
    union = np.unique(np.concatenate(list(chosen.values())))
    some = reference.rows(union)
    transformed = scorer.transformer.in_one_call(some)
    contributions = attribution.by_factor(scorer.classifier.contributions(transformed)[0])
    flags = _flags(attribution, reference)
    groups = {}
    for name, members in chosen.items():
        at = np.searchsorted(union, members)
        rows = some.take(at)
        medians = _medians(attribution, rows, transformed[at])
        groups[name] = PeerGroup(
            contributions[at],
            contributions[at].mean(axis=0),
            medians,
            _words(attribution, rows, medians, flags),
        )
    of_0, of_1 = (
        array("d", np.sort(probabilities[of_class]).tobytes()) for of_class in reference.by_class
    )
    return Peers(
        attribution,
        probabilities,
        (of_0, of_1),
        groups,  # type: ignore[arg-type]
    )


def near(probabilities: Matrix, threshold: float, most: int) -> NDArray[np.intp]:
    """Up to `most` accepted clients nearest to the threshold, in file order.

    If no client is accepted, the refused ones nearest to it.
    """
    accepted = np.flatnonzero(probabilities < threshold)
    accepted = accepted if len(accepted) else np.arange(len(probabilities))
    nearest = np.argsort(np.abs(probabilities[accepted] - threshold), kind="stable")
    return np.sort(accepted[nearest[:most]])


def spread(probabilities: Matrix, most: int) -> NDArray[np.intp]:
    """Up to `most` clients, evenly spaced in the order of scores; in file order."""
    order = np.argsort(probabilities, kind="stable")
    at = np.linspace(0, len(order) - 1, min(most, len(order))).astype(np.intp)
    return np.sort(order[at])


def _medians(
    attribution: Attribution, rows: RawBatch, transformed: Matrix
) -> tuple[float | None, ...]:
    medians: list[float | None] = []
    for raw, output in zip(attribution.raw, attribution.outputs, strict=True):
        if raw is not None and raw in rows.texts:
            medians.append(None)
            continue
        values = rows.numbers[:, raw] if raw is not None else transformed[:, output]
        present = values[~np.isnan(values)]
        medians.append(float(np.median(present)) if len(present) else np.nan)
    return tuple(medians)


def _flags(attribution: Attribution, reference: ReferencePopulation) -> frozenset[int]:
    """The factors that are 1 or 0 for every reference client with a value."""
    found = set()
    for factor, raw in enumerate(attribution.raw):
        declared = attribution.factors[factor].kind
        if raw is None or raw in reference.categories or declared == "number":
            continue
        values = reference.columns[raw]
        present = values[~np.isnan(values)]
        if declared == "flag" or (len(present) and np.isin(present, (0, 1)).all()):
            found.add(factor)
    return frozenset(found)


def _words(
    attribution: Attribution,
    rows: RawBatch,
    medians: Sequence[float | None],
    flags: Set[int],
) -> tuple[FactorWords, ...]:
    """The words of each factor, with the median or most frequent category of some rows."""
    found = []
    for factor, feature in enumerate(attribution.factors):
        raw, typical = attribution.raw[factor], medians[factor]
        if raw is not None and raw in rows.texts:
            known = Counter(text for text in rows.texts[raw].tolist() if text is not None)
            typical = min(known, key=lambda text: (-known[text], text), default=None)
        found.append(FactorWords.of_feature(feature, typical, is_flag=factor in flags))
    return tuple(found)
