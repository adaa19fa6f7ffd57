"""Answers of a challenger to its own clients, on which a dictionary for compression is trained.

A promoted challenger is in the register already, with this dictionary: without one, each answer of
its decisions would take more than twice the space.
"""

import time

import orjson

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.decisions.application import Application, Applications
from credit_scoring.decisions.scoring import ApplicationScorer, ScoredApplication
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.explain.peers import find_peers
from credit_scoring.model.bundle import Bundle
from register.evidence.compression import SAMPLES

SECONDS = 2.0  # of processor time, for the answers
REASONS = 4  # of each answer, the default of `/score`


def sample_answers(bundle: Bundle) -> list[bytes]:
    """Answers to the first new clients, as many as are computed in time.

    Returns:
        JSON objects; none if the model cannot explain its clients.
    """
    answers: list[bytes] = []
    try:
        with foreign_code(MODEL_FILE, describe):
            peers = find_peers(bundle.scorer, bundle.reference, bundle.threshold)
            scorer = ApplicationScorer(bundle, peers, REASONS, "near")
            end = time.thread_time() + SECONDS
            for client in bundle.client_ids[:SAMPLES]:
                answers += map(answer_of, scorer.score(Applications([Application(client)])))
                if time.thread_time() > end:
                    break
    except BadFile:
        return []
    return answers


def answer_of(scored: ScoredApplication) -> bytes:
    """An answer as JSON, without the fields that are null."""
    return orjson.dumps({name: value for name, value in vars(scored).items() if value is not None})
