"""Recorded decisions, as the register reads them, and a lender."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

from register.settings import RegisterSettings
from register.stored import (
    BlockPlace,
    Review,
    ReviewRequest,
    StoredBundle,
    StoredDecision,
    StoredEvidence,
)

DECISION_ID = UUID("0198f2a0-1111-7222-8333-444455556666")
AT = datetime(2026, 11, 28, 13, 5, 1, 123456, tzinfo=UTC)
REVIEWED_AT = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
MODEL = "9f" * 32
US = {
    "lender_agency": "Consumer Financial Protection Bureau\n1700 G Street NW, Washington, DC 20006",
    "lender_report_agency": "Example Reports\nP.O. Box 1000, Springfield\n1-800-555-0100",
}


def lender(**changes: str | None) -> RegisterSettings:
    """The settings of a lender outside the United States."""
    details: dict[str, Any] = {
        "lender_name": "Example Lender",
        "lender_address": "12 Station Road\nExampletown",
        "lender_contact": "credit@lender.example\n+33 1 23 45 67 89",
        "lender_agency": None,
        "lender_report_agency": None,
    }
    return RegisterSettings(**details | changes)


def feature(
    label: str,
    value: float | str | None,
    median: float | None,
    unit: str = "",
    contribution: float = 0.5,
) -> dict[str, Any]:
    """A feature of a reason."""
    return {
        "name": label.upper(),
        "label": label,
        "value": value,
        "unit": unit,
        "median": median,
        "contribution": contribution,
    }


def reason(theme: str, text: str, *features: dict[str, Any], protected: bool = False) -> dict:
    """A reason whose contribution is that of its features."""
    return {
        "group": theme,
        "text": text,
        "contribution": sum(each["contribution"] for each in features),
        "protected": protected,
        "features": list(features),
    }


SCORES = reason(
    "External credit scores",
    "External credit scores are low",
    feature("Weighted sum of the external scores", 4.0, 3.2, "0 to 6", -1.75),
    feature("Lowest external score", 0.0871, 0.393, "0 to 1", 1.5),
    feature("Highest external score", 0.21, 0.6, "0 to 1", 0.75),
)
INSTALMENTS = reason(
    "Size and terms of this loan",
    "The instalments are high",
    feature("Instalment of the loan", 75276.0, 24678.0, "currency", 0.25),
)
EDUCATION = reason(
    "Education",
    "Education",
    feature("The client has a higher education", 0.0, 0.0, "0 or 1", 0.125),
)
JOB = reason(
    "Employment",
    "No present job is known",
    feature("Start of the present job", None, -1376.0, "days from the application", 0.0625),
)
SEX = reason(
    "Sex",
    "The client is a man",
    feature("The client is a woman", 0.0, 1.0, "0 or 1"),
    protected=True,
)
REASONS = [SCORES, INSTALMENTS, EDUCATION, JOB]


def decision(
    reasons: list[dict] = REASONS,
    answer: dict[str, Any] | None = None,
    record: dict[str, float | str | None] | None = None,
    **changes: Any,
) -> StoredDecision:
    """A refusal by the model; `answer` and `changes` replace fields."""
    fields = {
        "client": 248124,
        "reference": "A-17",
        "probability": 0.625,
        "prediction": 1,
        "threshold": 0.4,
        "margin": 0.916,
        "reasons": reasons,
        "compare": "near",
        "other": 0.1,
        "contributions_in": "log-odds",
        "explained_by": "treeshap",
        "model": MODEL,
    } | (answer or {})
    values = {"INCOME": 1200.0, "JOB": None, "CAR": "none"} if record is None else record
    names = ("probability", "prediction", "threshold", "margin", "compare", "model")
    recorded = {name: fields[name] for name in names} | {
        "id": DECISION_ID,
        "at": AT,
        "caller": "desk",
        "request_id": "request-1",
        "pd": None,
        "points": None,
        "grade": None,
        "automated": True,
        "final": fields["prediction"],
        "reviews": 0,
        "review_requested": False,
        "review_requested_at": None,
        "outcome": None,
        "bundle": StoredBundle(sha256="00" * 32, model=MODEL, files={}, versions={}),
        "evidence": StoredEvidence(
            client=fields["client"], reference=fields["reference"], record=values, answer=fields
        ),
        "review_requests": [],
        "reviewed": [],
        "outcomes": [],
        "block": BlockPlace(stream=1, number=1, root="00" * 32),
    }
    return StoredDecision(**recorded | changes)


def acceptance(**changes: Any) -> StoredDecision:
    """An acceptance by the model."""
    return decision(answer={"probability": 0.125, "prediction": 0}, **changes)


def after_reviews(recorded: StoredDecision, *finals: int) -> StoredDecision:
    """A decision after reviews, the last of them at `REVIEWED_AT`."""
    reviews = [
        Review(
            id=UUID(int=number),
            at=REVIEWED_AT - timedelta(days=len(finals) - 1 - number),
            reviewer="anna.reviewer",
            decision=final,
            reason="INCOME_CHECKED",
            comment="an internal comment",
        )
        for number, final in enumerate(finals)
    ]
    return replace(recorded, reviewed=reviews, reviews=len(reviews), final=finals[-1])


def request(at: datetime) -> ReviewRequest:
    """A request for a review."""
    return ReviewRequest(id=UUID(int=9), at=at, caller="desk", statement="I earn more than that.")


def text_of(html: str) -> str:
    """The text of a document's body, a line for each of the source."""
    body = html.partition("<body>")[2].replace("<br>", "\n")
    texts = (unescape(re.sub("<[^>]*>", "", line)) for line in body.splitlines())
    return "\n".join(filter(None, texts)) + "\n"
