"""Shapes of stored decisions, reviews, outcomes and bundles.

They are the shapes of the responses too; `api` documents them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from credit_scoring.data.table_files.client_ids import ClientId

OutcomeStatus = Literal["repaid", "current", "late", "defaulted", "written_off", "not_taken_up"]
Class = Annotated[int, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class ReviewRequest:
    """A client's request that a person reviews a decision."""

    id: UUID
    at: datetime
    caller: str
    statement: Annotated[
        str | None, Field(description="the client's point of view; null if none or erased")
    ]


@dataclass(frozen=True, kw_only=True)
class Review:
    """A person's decision on a decision."""

    id: UUID
    at: datetime
    reviewer: Annotated[str, Field(description="the caller's name")]
    decision: Annotated[Class, Field(description="the final decision: 1 refused, 0 accepted")]
    reason: Annotated[str, Field(description="a code of the lender's own list")]
    comment: Annotated[str | None, Field(description="null if none or erased")]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a loan went, as observed on a day."""

    id: UUID
    at: datetime
    caller: str
    status: OutcomeStatus
    observed: date
    definition: Annotated[str, Field(description="of the status", examples=["90dpd"])]


@dataclass(frozen=True, kw_only=True)
class StoredBundle:
    """The files and versions that made a decision."""

    sha256: Annotated[str, Field(description="of the description: files and versions")]
    model: Annotated[str, Field(description="SHA-256 of the model file")]
    files: Annotated[Mapping[str, str], Field(description="SHA-256 of each file, by name")]
    versions: Annotated[Mapping[str, str], Field(description="Python, libraries, this project")]


@dataclass(frozen=True, kw_only=True)
class DecisionSummary:
    """A decision in ids and figures, without the client's values."""

    id: UUID
    at: Annotated[datetime, Field(description="UTC, to the microsecond")]
    caller: str
    request_id: str
    model: Annotated[str, Field(description="SHA-256 of the model that scored")]
    probability: float
    margin: float | None
    pd: float | None
    points: int | None
    grade: str | None
    prediction: Class
    threshold: float
    compare: str
    automated: Annotated[bool, Field(description="false if a person decides with the score")]
    final: Annotated[Class, Field(description="the last review's decision, else the prediction")]
    reviews: Annotated[int, Field(description="number of reviews")]
    review_requested: Annotated[
        bool, Field(description="true if a request is newer than the last review")
    ]
    review_requested_at: Annotated[
        datetime | None,
        Field(description="time of the oldest request that is newer; null without one"),
    ]
    outcome: Annotated[OutcomeStatus | None, Field(description="the one observed last")]


@dataclass(frozen=True, kw_only=True)
class StoredEvidence:
    """The data behind a decision."""

    client: Annotated[ClientId | None, Field(description="the client's id")]
    reference: Annotated[str | None, Field(description="the caller's own number")]
    record: Annotated[
        Mapping[str, float | str | None],
        Field(description="raw values by feature, as they were scored"),
    ]
    answer: Annotated[Mapping[str, Any], Field(description="the answer that was sent")]


@dataclass(frozen=True, kw_only=True)
class BlockPlace:
    """The block that a decision's row belongs to."""

    stream: int
    number: int
    root: str


@dataclass(frozen=True, kw_only=True)
class StoredDecision(DecisionSummary):
    """All that is kept of one decision."""

    bundle: StoredBundle
    evidence: Annotated[StoredEvidence | None, Field(description="null if it was erased")]
    review_requests: Sequence[ReviewRequest]
    reviewed: Annotated[Sequence[Review], Field(description="reviews, the oldest first")]
    outcomes: Annotated[Sequence[Outcome], Field(description="as recorded, the oldest first")]
    block: BlockPlace
    verified: Annotated[
        str | None,
        Field(description="with ?verify=1: 'ok', or the first problem; else null"),
    ] = None
