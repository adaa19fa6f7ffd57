"""Scores of the reference population by the model."""

import numpy as np

from credit_scoring.data.artifacts import MODEL_FILE, REFERENCE_FILE
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, InvalidApplication, foreign_code
from credit_scoring.model.pipeline import Each
from credit_scoring.model.raw_scorer import RawScorer

AT_ONCE = 512  # clients of a chunk, which fit the processor's cache


def reference_scores(scorer: RawScorer, reference: ReferencePopulation, each: Each = map) -> Matrix:
    """Probabilities of class 1 of the reference population, shape (clients,), in file order.

    Args:
        scorer: scores the clients.
        reference: the clients; their own `scores` are returned if they have some.
        each: see `Each`.

    Raises:
        BadFile: the transformer refuses a client.
        Exception: whatever the model raises.
    """
    if reference.scores is not None:
        return reference.scores
    clients = np.arange(len(reference))

    def scores(start: int) -> Matrix:
        part = reference.rows(clients[start : start + AT_ONCE])
        return scorer.classifier.probabilities_together(_transformed(scorer, part, start))

    return np.concatenate([*each(scores, range(0, len(clients), AT_ONCE))])


def transformed_reference(
    scorer: RawScorer, reference: ReferencePopulation, each: Each = map
) -> Matrix:
    """The transformed values of the reference population, shape (clients, n), in file order.

    Args:
        scorer: has the transformer.
        reference: the clients.
        each: see `Each`.

    Raises:
        BadFile: the transformer refuses a client.
    """
    clients = np.arange(len(reference))

    def chunk(start: int) -> Matrix:
        return _transformed(scorer, reference.rows(clients[start : start + AT_ONCE]), start)

    return np.concatenate([*each(chunk, range(0, len(clients), AT_ONCE))])


def _transformed(scorer: RawScorer, rows: RawBatch, start: int) -> Matrix:
    """Transform reference clients.

    Args:
        scorer: has the transformer.
        rows: the clients.
        start: the index of the first one in the file.

    Raises:
        BadFile: the transformer refuses a client; the message has its row, not its values.
    """

    def refused(error: BaseException) -> str:
        return f"the transformer of {MODEL_FILE} refuses a client ({type(error).__name__})"

    try:
        with foreign_code(REFERENCE_FILE, refused):
            return scorer.transformer.in_one_call(rows)
    except BadFile:
        try:
            scorer.transform(rows)
        except InvalidApplication as found:
            row = start + found.row + 1
            raise BadFile(REFERENCE_FILE, f"row {row}: {found}") from found
        raise
