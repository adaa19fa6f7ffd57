"""`ScoreReference`: the scores of a bundle's reference clients, in bins."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from credit_scoring.monitoring.performance.discrimination import (
    RestrictedDiscrimination,
    restricted_discrimination,
)
from credit_scoring.monitoring.performance.observations import Vector
from credit_scoring.monitoring.psi import NumberBins
from register.archive.reference_scores import ReferenceScores, read_reference_scores
from register.errors import Damaged
from register.monitoring.reading.score_bins import upper_ends


@dataclass(frozen=True, eq=False)
class ScoreReference:
    """The scores of a bundle's reference clients.

    Attributes:
        scores: of each client.
        ends: upper ends of the bins of their probabilities.
        counts: clients by bin.
    """

    scores: ReferenceScores
    ends: Vector
    counts: NDArray[np.int64]

    @classmethod
    def read(cls, connection: Connection, bundle: int) -> "ScoreReference | None":
        """The reference scores of a bundle; None if there are none that can be read."""
        try:
            scores = read_reference_scores(connection, bundle)
        except Damaged:
            return None
        if scores is None or not len(scores):
            return None
        bins = NumberBins.of(scores.probability)
        return cls(scores, upper_ends(bins), bins.counts(scores.probability))

    @property
    def training(self) -> RestrictedDiscrimination | None:
        """The discrimination among all clients, and among those whom the bundle would accept."""
        scores = self.scores
        return restricted_discrimination(scores.probability, scores.defaulted, ~scores.refused)
