"""`Challenger`: a loaded bundle that scores recorded decisions beside the one that decided."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.decisions.batch_scoring import BatchScorer, Scores
from credit_scoring.errors import BadFile, first_few, foreign_code
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.refusals import Refused, attempts
from register.replay.evidence_rows import DamagedEvidence, evidence_rows
from register.shadow.feature_mapping import FeatureMapping
from register.shadow.recorded_bundles import RecordedBundle

DAMAGED = "damaged evidence"
OTHER_TYPE = "a text where the challenger takes a number, or a number where it takes a text"
NO_PROBABILITY = "the challenger gives no probability"


class Unscored(NamedTuple):
    """A recorded decision without a row of the challenger.

    Attributes:
        id: of the decision.
        at: its time.
        bundle: id of the bundle that decided.
        record: the evidence, compressed.
    """

    id: UUID
    at: datetime
    bundle: int
    record: bytes


class ShadowScore(NamedTuple):
    """The challenger's score of one decision, or the reason why there is none.

    Attributes:
        probability: of class 1; None after a failure.
        pd: probability of default; None without a scorecard.
        prediction: 1 if the challenger would refuse, else 0; None after a failure.
        failure: the kind of the failure, without the client's values; None without one.
    """

    probability: float | None = None
    pd: float | None = None
    prediction: int | None = None
    failure: str | None = None


@dataclass(frozen=True, eq=False)
class Challenger:
    """A challenger that is in the register.

    Attributes:
        id: of its row in `schema.bundle`.
        bundle: the loaded files.
    """

    id: int
    bundle: Bundle
    _mappings: dict[Sequence[str], FeatureMapping] = field(default_factory=dict)

    @cached_property
    def scorer(self) -> BatchScorer:
        """The vectorised scorer, which does not explain."""
        return BatchScorer(self.bundle, None, "none")

    def score(
        self, decisions: Sequence[Unscored], recorded: "dict[int, RecordedBundle]"
    ) -> list[ShadowScore]:
        """Score decisions, each to the last bit as `/score` of a service with these files would.

        Args:
            decisions: of any bundles.
            recorded: these bundles, by id.

        Returns:
            The scores, in the order of the decisions.
        """
        by_bundle: dict[int, list[int]] = defaultdict(list)
        for at, one in enumerate(decisions):
            by_bundle[one.bundle].append(at)
        found = [ShadowScore()] * len(decisions)
        for number, members in by_bundle.items():
            records = [decisions[at].record for at in members]
            scored = self._of_bundle(records, recorded[number])
            for at, score in zip(members, scored, strict=True):
                found[at] = score
        return found

    def row(self, decision: Unscored, score: ShadowScore) -> dict[str, Any]:
        """The row of `schema.shadow`."""
        return {
            "decision": decision.id,
            "at": decision.at,
            "bundle": self.id,
            **score._asdict(),
            "threshold": self.bundle.threshold if score.failure is None else None,
        }

    def _of_bundle(self, records: Sequence[bytes], recorded: RecordedBundle) -> list[ShadowScore]:
        """Scores of decisions of one bundle."""
        mapping = self._mappings.get(recorded.features)
        if mapping is None:
            mapping = FeatureMapping.of(self.bundle, recorded.features)
            self._mappings[recorded.features] = mapping
        if mapping.lacking:
            names = " ".join(first_few(mapping.lacking).split())  # on one line
            failure = f"the record lacks features of the challenger: {names}"
            return [ShadowScore(failure=failure)] * len(records)

        def decoded(part: range) -> RawBatch:
            some = records[part.start : part.stop]
            return evidence_rows(some, recorded.codec.records, len(recorded.features))

        found: list[ShadowScore] = []
        for part in attempts(range(len(records)), decoded, DamagedEvidence):
            if isinstance(part, Refused):
                found.append(ShadowScore(failure=DAMAGED))
            else:
                found += self._of_rows(mapping, part.result)
        return found

    def _of_rows(self, mapping: FeatureMapping, recorded: RawBatch) -> list[ShadowScore]:
        """Scores of decoded records."""
        mapped = mapping.rows(recorded)
        failures = {
            row: kind_of(problem)
            for row, problem in self.scorer.problems(mapped.rows, mapping.given).items()
        }
        failures |= dict.fromkeys(np.flatnonzero(mapped.other_type).tolist(), OTHER_TYPE)
        good = [row for row in range(len(recorded)) if row not in failures]
        rows = mapped.rows.take(good) if failures else mapped.rows
        transformed = self.scorer.transform(rows, mapping.computed)
        failures |= {good[row]: kind_of(problem) for row, problem in transformed.refused.items()}
        if transformed.refused:
            accepted = [at for at in range(len(good)) if at not in transformed.refused]
            good, rows = [good[at] for at in accepted], rows.take(accepted)
        found = [ShadowScore(failure=failures.get(row)) for row in range(len(recorded))]
        scored = self._scored(rows, transformed.values)
        for row, score in zip(good, scored, strict=True):
            found[row] = score
        return found

    def _scored(self, rows: RawBatch, transformed: np.ndarray) -> list[ShadowScore]:
        """Scores of transformed rows; a row that the model fails on is found by bisection."""

        def scores(part: range) -> Scores:
            some = slice(part.start, part.stop)
            with foreign_code(MODEL_FILE, failing):
                return self.scorer.score(rows.take(some), transformed[some])

        found: list[ShadowScore] = []
        for part in attempts(range(len(rows)), scores, BadFile):
            if isinstance(part, Refused):
                found.append(ShadowScore(failure=part.error.problem))
            else:
                found += shadow_scores(part.result)
        return found


def shadow_scores(scores: Scores) -> list[ShadowScore]:
    """Scores of arrays, one by one."""
    probabilities = scores.probability.tolist()
    pds = [None] * len(probabilities) if scores.pd is None else scores.pd.tolist()
    predictions = scores.prediction.tolist()
    found = list(map(ShadowScore, probabilities, pds, predictions))
    for row in np.flatnonzero(~np.isfinite(scores.probability)).tolist():
        found[row] = ShadowScore(failure=NO_PROBABILITY)
    return found


def kind_of(problem: str) -> str:
    """The kind of a refusal, without the names of the client's features."""
    return problem.partition(":")[0]


def failing(error: BaseException) -> str:
    """The failure of a model, without the error's text, which may quote a client's value."""
    return f"the challenger's model fails ({type(error).__name__})"
