"""`LoadingBundle`: a bundle that scores decisions to be loaded, as the service scores them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import orjson

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.decisions.application import Application, Applications
from credit_scoring.decisions.scoring import ApplicationScorer, Evaluation, sent_fields
from credit_scoring.errors import describe, foreign_code, naming
from credit_scoring.explain.peers import Compare, Peers, find_peers
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.loader import load
from register.evidence.compression import SAMPLES
from register.loading.given_decision import GivenDecision

COMPARE: Compare = "near"
SAMPLE_REASONS = 4  # of answers that a dictionary is trained on, as the service sends them


@dataclass(frozen=True, eq=False)
class LoadingBundle:
    """A loaded bundle.

    Attributes:
        folder: its files.
        bundle: loaded from it.
    """

    folder: Path
    bundle: Bundle

    @classmethod
    def load(cls, folder: Path) -> "LoadingBundle":
        """Load a folder.

        Raises:
            BadFile: it cannot be loaded.
        """
        return cls(folder, load(folder))

    @cached_property
    def peers(self) -> Peers:
        """The peers.

        Raises:
            BadFile: the reference population cannot be scored.
        """
        bundle = self.bundle
        with naming(MODEL_FILE, bundle.model_file), foreign_code(MODEL_FILE, describe):
            return find_peers(bundle.scorer, bundle.reference, bundle.threshold)

    def evaluate(self, decisions: Sequence[GivenDecision]) -> Evaluation:
        """Score decisions, without reasons.

        Raises:
            InvalidApplication: one cannot be scored; `row` is its index.
        """
        applications = Applications([given.application for given in decisions])
        return ApplicationScorer(self.bundle, self.peers, 0, COMPARE).evaluate(applications)

    def samples(self) -> Sequence[bytes]:
        """Answers to the first new clients, on which a dictionary for compression is trained."""
        scorer = ApplicationScorer(self.bundle, self.peers, SAMPLE_REASONS, COMPARE)
        clients = [Application(client) for client in self.bundle.client_ids[:SAMPLES]]
        if not clients:
            return []
        return [orjson.dumps(sent_fields(one)) for one in scorer.score(Applications(clients))]
