"""The reference clients of a loaded bundle, scored to be archived."""

import numpy as np

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, describe, foreign_code, naming
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.reference_scores import reference_scores
from credit_scoring.model.scorecard import log_odds_of
from register.archive.reference_scores import ReferenceScores


def scored_reference(bundle: Bundle) -> ReferenceScores | None:
    """The scores of a bundle's reference clients; None if its model cannot score them."""
    try:
        with naming(MODEL_FILE, bundle.model_file), foreign_code(MODEL_FILE, describe):
            return of_probabilities(bundle, reference_scores(bundle.scorer, bundle.reference))
    except BadFile:
        return None


def of_probabilities(bundle: Bundle, probability: Matrix) -> ReferenceScores:
    """The scores of a bundle's reference clients, from their probabilities.

    Args:
        bundle: has the threshold and the scorecard.
        probability: of class 1, shape (clients,), in the order of the file.
    """
    of_scorecard = bundle.scorecard.of(log_odds_of(probability))
    defaulted = np.zeros(len(bundle.reference), np.bool_)
    defaulted[bundle.reference.by_class[1]] = True
    return ReferenceScores(
        probability=probability,
        pd=None if of_scorecard is None else of_scorecard[0],
        refused=probability >= bundle.threshold,
        defaulted=defaulted,
    )
