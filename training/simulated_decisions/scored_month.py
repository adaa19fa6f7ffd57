"""`ScoredMonth`: the applicants of a month as the model in use decides on them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from pandas import DataFrame

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.decisions.batch_scoring import BatchScorer
from credit_scoring.errors import BadFile
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.loader import load
from training.population.columns import Array
from training.simulated_decisions.applicants import MonthOfApplicants

Record = dict[str, float | int | None]


@dataclass(frozen=True, eq=False)
class Models:
    """The two models.

    Attributes:
        first, second: loaded folders.
        swap: the time when the second one comes into use, naive UTC.
    """

    first: Bundle
    second: Bundle
    swap: np.datetime64

    @classmethod
    def load(cls, first: Path, second: Path, swap: np.datetime64) -> "Models":
        """Load both folders.

        Raises:
            BadFile: a folder cannot be loaded.
        """
        return cls(load(first), load(second), swap)

    @cached_property
    def scorers(self) -> tuple[BatchScorer, BatchScorer]:
        """The scorers of both."""
        return BatchScorer(self.first, None, "none"), BatchScorer(self.second, None, "none")

    def score(self, applicants: MonthOfApplicants) -> "ScoredMonth":
        """Score a month, each applicant by the model that is in use at the time."""
        in_use = (applicants.at >= self.swap).astype(np.int8)
        table = applicants.features.astype(float)
        probability, pd = np.empty(len(applicants)), np.empty(len(applicants))
        refused = np.zeros(len(applicants), bool)
        for model, scorer in enumerate(self.scorers):
            rows = np.flatnonzero(in_use == model)
            if not len(rows):
                continue
            table.iloc[rows] = completed(table.iloc[rows], scorer.bundle)
            batch, computed = batch_of(table.iloc[rows], scorer.bundle)
            transformed = scorer.transform(batch, computed)
            scores = scorer.score(batch, transformed.values)
            if transformed.refused or scores.pd is None:
                raise BadFile("ressources", "does not score the simulated applicants")
            probability[rows], pd[rows] = scores.probability, scores.pd
            refused[rows] = scores.prediction == 1
        given = table.drop(columns=list(self.first.dictionary.formulas))
        return ScoredMonth(applicants, in_use, probability, pd, refused, given)


def completed(table: DataFrame, bundle: Bundle) -> DataFrame:
    """A table with the median in place of missing values that the service refuses.

    Some features lack a value so seldom that no client of a small bundle does. The service refuses
    a record without them, and so a lender's form would ask for them.
    """
    required = [name for name in table if name not in bundle.nullable]
    return table.fillna(table[required].median())


def batch_of(table: DataFrame, bundle: Bundle) -> tuple[RawBatch, list[str]]:
    """Raw rows of applicants, and the features that the service computes."""
    computed = list(bundle.dictionary.formulas)
    values = table[list(bundle.features)].copy()
    values[computed] = np.nan
    return RawBatch(values.to_numpy(float), {}), computed


@dataclass(frozen=True, eq=False)
class ScoredMonth:
    """A month of applicants, scored.

    Attributes:
        applicants: of the month.
        model: 0 or 1, the model that decided, shape (applicants,).
        probability: of class 1, by that model, shape (applicants,).
        estimated_pd: probability of default, by its scorecard, shape (applicants,).
        refused: true for those whom the model refuses, shape (applicants,).
        given: the features of the records, without those that the service computes.
    """

    applicants: MonthOfApplicants
    model: Array
    probability: Array
    estimated_pd: Array
    refused: Array
    given: DataFrame

    def records(self) -> Iterator[Record]:
        """The record of each applicant."""
        names = [str(name) for name in self.given]
        columns = [_plain(self.given[name].tolist()) for name in names]
        for values in zip(*columns, strict=True):
            yield dict(zip(names, values, strict=True))


def _plain(values: list[float]) -> list[float | int | None]:
    """Numbers as JSON has them: whole ones without decimals, null for a missing one."""
    return [
        None if math.isnan(value) else int(value) if value.is_integer() else value
        for value in values
    ]
