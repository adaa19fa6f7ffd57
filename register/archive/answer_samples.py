"""Answers to a bundle's own clients, on which a dictionary for compression is trained."""

import time
from collections.abc import Callable

from credit_scoring.decisions.application import Application, Applications
from credit_scoring.decisions.scoring import ApplicationScorer, ScoredApplication
from register.evidence.compression import SAMPLES

SECONDS = 2.0  # of processor time: a busy machine gives as many answers
REASONS = 4  # of each answer, the default of `/score`


def answer_samples(
    scorer: ApplicationScorer, body: Callable[[ScoredApplication], bytes]
) -> list[bytes]:
    """Answers to the first new clients, as many as are computed in time, each by `body`."""
    answers: list[bytes] = []
    end = time.thread_time() + SECONDS
    for client in scorer.bundle.client_ids[:SAMPLES]:
        answers += map(body, scorer.score(Applications([Application(client)])))
        if time.thread_time() > end:
            break
    return answers
