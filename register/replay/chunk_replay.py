"""`ChunkReplay`: the decisions of a chunk are scored again, and compared with their answers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import orjson
import zstandard

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.decisions.batch_scoring import Scores
from credit_scoring.explain.peers import Compare
from credit_scoring.explain.reason_codes import ReasonFinder
from credit_scoring.model.refusals import Refused, attempts
from credit_scoring.model.scorecard import log_odds_of
from register.evidence.records import answer_fields
from register.replay.chunk import Chunk, Recorded
from register.replay.comparison import Differs, by_decision, differing_numbers, differing_values
from register.replay.evidence_rows import DamagedEvidence, evidence_rows
from register.replay.recorded_answer import DECODER, RecordedAnswer
from register.replay.replay_bundle import Explainer, ReplayBundle

EXPLAINED_AT_ONCE = 256  # rows, whose SHAP values stay in the processor's cache

Fields = tuple[str, ...]

DAMAGED: Fields = ("damaged evidence",)
REFUSED: Fields = ("refused by the model",)


@dataclass(frozen=True, eq=False)
class Decisions:
    """Decisions with decoded evidence.

    Attributes:
        recorded: as stored.
        rows: raw values.
        answers: as recorded.
    """

    recorded: Sequence[Recorded]
    rows: RawBatch
    answers: Sequence[RecordedAnswer]

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self.recorded)

    def take(self, some: Sequence[int]) -> "Decisions":
        """Some of the decisions."""
        return Decisions(
            [self.recorded[at] for at in some],
            self.rows.take(some),
            [self.answers[at] for at in some],
        )


@dataclass(frozen=True, eq=False)
class DifferingReasons:
    """Decisions whose reasons differ.

    Attributes:
        reasons: true for each decision whose reasons differ.
        other: true for each whose contribution of all other themes differs.
    """

    reasons: Differs
    other: Differs

    @classmethod
    def none(cls, number: int) -> "DifferingReasons":
        """No differing decision among a number of decisions."""
        return cls(np.zeros(number, bool), np.zeros(number, bool))

    def compare(
        self, at: int, answer: RecordedAnswer, reasons: object, other: float | None
    ) -> None:
        """Compare a decision's reasons: equal texts of doubles are equal to the last bit."""
        self.reasons[at] = orjson.dumps(reasons) != bytes(answer.reasons)
        self.other[at] = orjson.dumps(other) != bytes(answer.other)

    def among(self, some: Sequence[int]) -> list[int]:
        """Select the differing ones among some decisions."""
        return [at for at in some if self.reasons[at] or self.other[at]]


@dataclass(frozen=True, eq=False)
class ChunkReplay:
    """A chunk and its loaded bundle."""

    bundle: ReplayBundle
    chunk: Chunk

    def differing(self) -> list[Fields]:
        """The names of the fields that differ, for each decision; none if all are equal."""
        found: list[Fields] = []
        for part in attempts(range(len(self.chunk)), self._decoded, DamagedEvidence):
            found += [DAMAGED] if isinstance(part, Refused) else self._scored(part.result)
        return found

    def _decoded(self, part: range) -> Decisions:
        recorded, plain = self.chunk.rows[part.start : part.stop], self.bundle.plain
        codec = self.bundle.codec
        rows = evidence_rows(
            [one.record for one in recorded],
            codec.records,
            len(plain.features),
            list(plain.scorer.texts),
        )
        try:
            answers = [
                DECODER.decode(answer_fields(codec.answers.decompress(one.answer)))
                for one in recorded
            ]
        except (zstandard.ZstdError, msgspec.DecodeError, ValueError, TypeError) as error:
            raise DamagedEvidence from error
        return Decisions(recorded, rows, answers)

    def _scored(self, decisions: Decisions) -> list[Fields]:
        """Score decisions, and compare."""
        transformed = self.bundle.scorer.transform(decisions.rows, ())
        found = [REFUSED] * len(decisions)
        accepted = [at for at in range(len(decisions)) if at not in transformed.refused]
        if len(accepted) < len(decisions):
            decisions = decisions.take(accepted)
        if accepted:
            scores = self.bundle.scorer.score(decisions.rows, transformed.values)
            differing = self._differing_scores(decisions.answers, scores)
            differing |= self._differing_reasons(decisions, transformed.values)
            for at, fields in zip(accepted, by_decision(differing, len(decisions)), strict=True):
                found[at] = fields
        return found

    def _differing_scores(
        self, answers: Sequence[RecordedAnswer], scores: Scores
    ) -> dict[str, Differs]:
        """The fields of answers except reasons."""
        plain, number = self.bundle.plain, len(answers)
        margin = log_odds_of(scores.probability) - plain.threshold_log_odds
        position = np.zeros(number, bool)
        for name, rising in zip(("class0", "class1"), self.bundle.by_class, strict=True):
            below = (
                np.searchsorted(rising, scores.probability) / len(rising) if len(rising) else None
            )
            recorded = [getattr(answer.position, name) for answer in answers]
            position |= differing_numbers(recorded, below)
        grades = None
        if scores.grade is not None:
            names = [grade.grade for grade in plain.scorecard.grades]
            grades = [names[at] for at in scores.grade.tolist()]

        def numbers(name: str, computed: Matrix | None) -> Differs:
            return differing_numbers([getattr(answer, name) for answer in answers], computed)

        def values(name: str, computed: Sequence[object] | None) -> Differs:
            return differing_values([getattr(answer, name) for answer in answers], computed)

        return {
            "probability": numbers("probability", scores.probability),
            "prediction": values("prediction", scores.prediction.tolist()),
            "threshold": numbers("threshold", np.full(number, plain.threshold, np.float64)),
            "margin": numbers("margin", margin),
            "pd": numbers("pd", scores.pd),
            "points": values("points", None if scores.points is None else scores.points.tolist()),
            "grade": values("grade", grades),
            "position": position,
            "contributions_in": values("contributions_in", [plain.raw_output] * number),
            "explained_by": values("explained_by", [plain.classifier.explained_by] * number),
            "model": values("model", [plain.model_sha256] * number),
        }

    def _differing_reasons(self, decisions: Decisions, transformed: Matrix) -> dict[str, Differs]:
        """Reasons, contributions of all others, and the peers that they are compared with."""
        differing = DifferingReasons.none(len(decisions))
        alike: dict[tuple[int, Compare, bool | None], list[int]] = defaultdict(list)
        for at, one in enumerate(decisions.recorded):
            if one.reasons:
                alike[one.reasons, one.compare, one.quick].append(at)
            else:
                differing.compare(at, decisions.answers[at], [], None)
        for (most, compare, quick), members in alike.items():
            for start in range(0, len(members), EXPLAINED_AT_ONCE):
                some = members[start : start + EXPLAINED_AT_ONCE]
                for explainer in self.bundle.explainers(quick=quick):
                    finder = _finder(explainer, compare, decisions.rows, transformed, some, most)
                    for row, at in enumerate(some):
                        found = finder.of_row(row)
                        differing.compare(at, decisions.answers[at], found.reasons, found.other)
                    some = differing.among(some)
                    if not some:
                        break
        compared = [one.compare for one in decisions.recorded]
        answered = [answer.compare for answer in decisions.answers]
        return {
            "compare": differing_values(answered, compared),
            "reasons": differing.reasons,
            "other": differing.other,
        }


def _finder(
    explainer: Explainer,
    compare: Compare,
    rows: RawBatch,
    transformed: Matrix,
    some: Sequence[int],
    most: int,
) -> ReasonFinder:
    contributions, _ = explainer.bundle.classifier.contributions(transformed[some])
    return ReasonFinder(
        explainer.peers, compare, rows.take(some), transformed[some], contributions, most
    )
