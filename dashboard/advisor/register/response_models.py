"""Shapes of the responses of the register's routes, with the fields that the pages read."""

from typing import Any, Literal, TypedDict

from advisor.service_client.response_models import Application, ClientId, Score

RegisterState = Literal["ok", "away"]
Status = Literal["repaid", "current", "late", "defaulted", "written_off", "not_taken_up"]


class NumberedApplication(Application, total=False):
    """Body of `POST /decisions`; `reference` is the caller's number of the application."""

    reference: str


class RecordedScore(Score):
    """Response of `POST /decisions`: that of `/score`, with the decision's id and time (UTC)."""

    id: str
    at: str


class DecisionSummary(TypedDict):
    """A decision in figures; `final` is the last review's decision, else the service's."""

    id: str
    at: str
    caller: str
    model: str
    probability: float
    pd: float | None
    points: int | None
    grade: str | None
    prediction: int
    threshold: float
    automated: bool
    final: int
    reviews: int
    review_requested: bool
    review_requested_at: str | None
    outcome: Status | None


class DecisionPage(TypedDict):
    """Response of `GET /decisions`, newest first; `next` is the cursor of the next page."""

    decisions: list[DecisionSummary]
    next: str | None


class ReviewRequest(TypedDict):
    """A client's request that a person reviews a decision."""

    at: str
    caller: str
    statement: str | None


class Review(TypedDict):
    """A person's decision on a decision."""

    at: str
    reviewer: str
    decision: int
    reason: str
    comment: str | None


class Outcome(TypedDict):
    """How a loan went, as observed on a day."""

    at: str
    status: Status
    observed: str
    definition: str


class Evidence(TypedDict):
    """The data behind a decision; `answer` is a `RecordedScore` of that day's service."""

    client: ClientId | None
    reference: str | None
    answer: dict[str, Any]


class StoredDecision(DecisionSummary):
    """Response of `GET /decisions/{id}`; `evidence` is null if it was erased."""

    evidence: Evidence | None
    review_requests: list[ReviewRequest]
    reviewed: list[Review]
    outcomes: list[Outcome]
