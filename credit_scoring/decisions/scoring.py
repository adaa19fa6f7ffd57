"""Scores, decisions, percentiles and reasons of applications."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, cast

import numpy as np
from pydantic import Field

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.table_files.client_ids import ClientId
from credit_scoring.data.tables import Matrix
from credit_scoring.decisions.application import Application, Applications
from credit_scoring.decisions.changes import AppliedChanges, apply_changes
from credit_scoring.errors import InvalidApplication
from credit_scoring.explain.peers import Compare, Peers, Percentiles
from credit_scoring.explain.reason_codes import (
    ContributionsIn,
    ExplainedBy,
    Reason,
    ReasonFinder,
    RowReasons,
)
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.scorecard import log_odds

Probability = Annotated[
    float, Field(ge=0, le=1, description="of class 1, by the model", examples=[0.8087])
]
PredictedClass = Annotated[
    int, Field(ge=0, le=1, description="1 if the probability reaches the threshold, else 0")
]


@dataclass(frozen=True)
class Decision:
    """A probability and the decision taken on it."""

    probability: Probability
    prediction: PredictedClass


@dataclass(kw_only=True)  # frozen, it would take three times as long to make
class ScoredApplication:
    """The score, decision and reasons of one application."""

    client: Annotated[ClientId | None, Field(description="the requested client's id")] = None
    reference: Annotated[str | None, Field(description="the caller's own number")] = None
    probability: Probability
    prediction: PredictedClass
    threshold: Annotated[float, Field(ge=0, le=1, description="decision threshold")]
    margin: Annotated[
        float | None,
        Field(description="log-odds of the probability minus those of the threshold"),
    ]
    pd: Annotated[float | None, Field(description="share of such clients that default")] = None
    points: Annotated[int | None, Field(description="scorecard points: more is better")] = None
    grade: Annotated[str | None, Field(description="grade of `pd`")] = None
    position: Percentiles
    reasons: Annotated[Sequence[Reason], Field(description="the strongest first")]
    strengths: Annotated[
        Sequence[Reason] | None,
        Field(
            description="what speaks for the client: themes with a contribution below 0, the"
            " strongest first; absent if none were requested"
        ),
    ] = None
    compare: Annotated[
        Compare, Field(description="the peers: clients just accepted, or all earlier clients")
    ]
    other: Annotated[
        float | None,
        Field(description="contribution of all other themes; null if none were requested"),
    ]
    contributions_in: ContributionsIn
    explained_by: ExplainedBy
    before: Annotated[
        Decision | None, Field(description="the decision without the changes; absent without any")
    ] = None
    recomputed: Annotated[
        Sequence[str], Field(description="features computed again because of the changes")
    ]
    stale: Annotated[
        Sequence[str],
        Field(description="features that depend on the changes, but cannot be computed here"),
    ]
    model: Annotated[str, Field(description="SHA-256 of the model that scored")]


NULLABLE = frozenset({"margin", "other"})  # fields of a score that are sent even if null


def sent_fields(scored: ScoredApplication) -> dict[str, Any]:
    """The fields of a score that an answer has, in their order."""
    fields = vars(scored).items()
    return {name: value for name, value in fields if value is not None or name in NULLABLE}


@dataclass(frozen=True, eq=False)
class Explained:
    """Applications with their reasons.

    Attributes:
        scored: an iterator over the applications in their order.
        quick: true if `treeshap` explained, not the library; None if nothing was explained.
    """

    scored: Iterator[ScoredApplication]
    quick: bool | None = None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Applications whose probabilities are computed, and whose reasons can be.

    Attributes:
        rows: raw values as they are scored, a row for each application.
        explain: computes the reasons, mostly without the interpreter's lock: another thread has
            time for the rows meanwhile.
    """

    rows: RawBatch
    explain: Callable[[], Explained]


@dataclass(frozen=True, eq=False)
class ApplicationScorer:
    """Scores applications, each as if it were alone.

    Attributes:
        bundle: has the model.
        peers: the model's peers.
        most_reasons: the largest number of reasons of an application.
        compare: the peer group to compare with.
        most_strengths: the largest number of strengths of an application; nothing is explained if
            both numbers are 0.
    """

    bundle: Bundle
    peers: Peers
    most_reasons: int
    compare: Compare
    most_strengths: int = 0

    def score(self, applications: Applications) -> Iterator[ScoredApplication]:
        """Score all applications in one call of the model, and yield each with its reasons.

        Raises:
            UnknownClient: no new client has a requested id.
            InvalidApplication: an application cannot be scored.
        """
        if not self._explains and has_stored_row(self.bundle, applications):
            return iter([self._of_stored_row(applications.items[0])])
        return self.evaluate(applications).explain().scored

    def evaluate(self, applications: Applications) -> Evaluation:
        """The result of `score` before its reasons; `score` has the errors that it raises."""
        if not self._explains and has_stored_row(self.bundle, applications):
            scored = self._of_stored_row(applications.items[0])
            row = self.bundle.row_of(cast(ClientId, scored.client))
            return Evaluation(self.bundle.raw_rows([row]), lambda: Explained(iter([scored])))
        applied = apply_changes(self.bundle, applications)
        with applications.located():
            transformed = _transformed(self.bundle, applications.items, applied.rows)
        probabilities = self.bundle.classifier.probabilities(transformed).tolist()
        before = self._before(applications, applied)

        def explain() -> Explained:
            finder = quick = None
            if self._explains:
                contributions, quick = self._contributions(transformed)
                finder = ReasonFinder(
                    self.peers, self.compare, applied.rows, transformed, contributions,
                    self.most_reasons, self.most_strengths,
                )  # fmt: skip
            scored = (
                self._scored(
                    application,
                    probabilities[row],
                    finder.of_row(row) if finder else RowReasons(),
                    before.get(row),
                    applied.recomputed[row],
                    applied.stale[row],
                )
                for row, application in enumerate(applications.items)
            )
            return Explained(scored, quick)

        return Evaluation(applied.rows, explain)

    @property
    def _explains(self) -> bool:
        return bool(self.most_reasons or self.most_strengths)

    def _of_stored_row(self, application: Application) -> ScoredApplication:
        """The score of a new client without changes, from the transformed values of the start."""
        row = self.bundle.row_of(cast(ClientId, application.client))
        probability = self.bundle.classifier.probability(self.bundle.transformed[row])
        return self._scored(application, probability, RowReasons())

    def _contributions(self, transformed: Matrix) -> tuple[Matrix, bool]:
        """SHAP values, and true if `treeshap` gave them: another thread may accelerate now."""
        classifier = self.bundle.classifier
        quick = classifier.is_quick
        contributions, _ = classifier.contributions(transformed)
        if classifier.is_quick != quick:
            return self._contributions(transformed)
        return contributions, quick

    def _before(
        self, applications: Applications, applied: AppliedChanges
    ) -> Mapping[int, Decision]:
        """The decisions without the changes, by index of the applications with changes."""
        if not applied.changed:
            return {}
        unchanged = [replace(applications.items[row], changes={}) for row in applied.changed]
        with applications.located(applied.changed):
            transformed = _transformed(self.bundle, unchanged, applied.before)
        found = self.bundle.classifier.probabilities(transformed).tolist()
        return dict(zip(applied.changed, map(self._decision, found), strict=True))

    def _decision(self, probability: float) -> Decision:
        return Decision(probability, self.bundle.decision(probability))

    def _scored(
        self,
        application: Application,
        probability: float,
        explained: RowReasons,
        before: Decision | None = None,
        recomputed: Sequence[str] = (),
        stale: Sequence[str] = (),
    ) -> ScoredApplication:
        bundle = self.bundle
        margin = log_odds(probability)
        pd = bundle.scorecard.pd(margin)
        return ScoredApplication(
            client=application.client,
            reference=application.external_id,
            probability=probability,
            prediction=bundle.decision(probability),
            threshold=bundle.threshold,
            margin=margin - bundle.threshold_log_odds,
            pd=pd,
            points=None if pd is None else bundle.scorecard.points(pd),
            grade=None if pd is None else bundle.scorecard.grade(pd),
            position=self.peers.percentiles(probability),
            reasons=explained.reasons,
            strengths=explained.strengths,
            compare=self.compare,
            other=explained.other,
            contributions_in=bundle.raw_output,
            explained_by=bundle.classifier.explained_by,
            before=before,
            recomputed=recomputed,
            stale=stale,
            model=bundle.model_sha256,
        )


def has_stored_row(bundle: Bundle, applications: Applications) -> bool:
    """True for one unchanged client whose transformed values of the start can be used."""
    return bundle.scorer.transformer.is_element_by_element and [
        application.record is None and not application.changes for application in applications.items
    ] == [True]


def is_quickly_scored(bundle: Bundle, applications: Applications) -> bool:
    """True for one application whose transformed values are stored or vectorised."""
    if len(applications) != 1 or bundle.scorer.transformer.vectorised is None:
        return has_stored_row(bundle, applications)
    (application,) = applications.items
    # The vectorised transformer hands an unknown category to the pipeline's own, which takes long.
    return all(
        (application.record is None or application.record.texts[column] in known)
        and application.changes.get(bundle.features[column]) in known
        for column, known in bundle.scorer.texts.items()
    )


def _transformed(bundle: Bundle, applications: Sequence[Application], rows: RawBatch) -> Matrix:
    """Transformed rows, each as if it were alone; rows of unchanged clients are stored."""
    if not bundle.scorer.transformer.is_element_by_element:
        return bundle.scorer.transform(rows)
    transformed = np.empty((len(applications), len(bundle.names)))
    others = []
    for row, application in enumerate(applications):
        if application.client is None or application.changes:
            others.append(row)
        else:
            transformed[row] = bundle.transformed[bundle.row_of(application.client)]
    if others:
        try:
            transformed[others] = bundle.scorer.transform(rows.take(others))
        except InvalidApplication as refused:
            raise InvalidApplication(str(refused), others[refused.row]) from refused
    return transformed
