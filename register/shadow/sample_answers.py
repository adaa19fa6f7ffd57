"""Answers of a challenger to its own clients, on which a dictionary for compression is trained.

A promoted challenger is in the register already, with this dictionary: without one, each answer of
its decisions would take more than twice the space.
"""

import orjson

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.decisions.scoring import ApplicationScorer, ScoredApplication
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.explain.peers import find_peers
from credit_scoring.model.bundle import Bundle
from register.archive.answer_samples import REASONS, answer_samples


def sample_answers(bundle: Bundle) -> list[bytes]:
    """Answers to the first new clients, as many as are computed in time.

    Returns:
        JSON objects; none if the model cannot explain its clients.
    """
    try:
        with foreign_code(MODEL_FILE, describe):
            peers = find_peers(bundle.scorer, bundle.reference, bundle.threshold)
            scorer = ApplicationScorer(bundle, peers, REASONS, "near")
            return answer_samples(scorer, answer_of)
    except BadFile:
        return []


def answer_of(scored: ScoredApplication) -> bytes:
    """An answer as JSON, without the fields that are null."""
    return orjson.dumps({name: value for name, value in vars(scored).items() if value is not None})
