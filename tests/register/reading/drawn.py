"""Drawn decisions in a register, with reviews, requests and outcomes, written without a chain."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from register.database.database import Database
from register.ids import Ids
from register.tables import schema

START = datetime(2026, 11, 1, tzinfo=UTC)
IDS = Ids()
SUBJECTS = [None, *(bytes([number]) * 16 for number in range(3)), bytes(6) + bytes([9]) * 10]
STATUSES = ["repaid", "late", "defaulted"]


@dataclass(frozen=True)
class Drawn:
    """Rows by table, as they are in the register."""

    decisions: list[dict[str, Any]]
    reviews: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    outcomes: list[dict[str, Any]]

    def of(self, rows: list[dict[str, Any]], decision: UUID) -> list[dict[str, Any]]:
        """The rows about a decision."""
        return [row for row in rows if row["decision"] == decision]


def decision_row(**values: Any) -> dict[str, Any]:
    """A row of `schema.decision`."""
    row = {
        "id": IDS.new(), "at": START, "caller": "ann", "request_id": "request", "subject": None,
        "reference": None, "bundle": 1, "probability": 0.25, "margin": -1.5, "pd": 0.08,
        "points": 540, "grade": "B", "prediction": 0, "threshold": 0.5, "compare": "near",
        "automated": True, "commitment": bytes(32), "audit_commitment": None,
        "block": 1,
    }  # fmt: skip
    return row | values


def drawn_register(database: Database, number: int, seed: int = 1) -> Drawn:
    """Fill an empty register; groups of decisions have equal times, as those of a list have."""
    draw = random.Random(seed)
    decisions = [
        decision_row(
            at=START + timedelta(hours=draw.randrange(number // 3)),
            subject=draw.choice(SUBJECTS),
            reference=draw.choice(SUBJECTS),
            prediction=draw.randrange(2),
            grade=draw.choice([None, "A", "B"]),
            probability=draw.random(),
        )
        for _ in range(number)
    ]
    draw.shuffle(decisions)
    some = [row["id"] for row in decisions if draw.random() < 0.3]

    def follow(**own: Any) -> dict[str, Any]:
        at = START + timedelta(days=60, seconds=draw.randrange(1_000_000))
        base = {"id": IDS.new(), "at": at, "caller": "bob", "decision": draw.choice(some)}
        return base | own | {"block": 1}

    drawn = Drawn(
        decisions,
        reviews=[
            follow(prediction=draw.randrange(2), reason="INCOME", commitment=None) for _ in some
        ],
        requests=[follow(commitment=None) for _ in some],
        outcomes=[
            follow(
                status=draw.choice(STATUSES),
                observed=date(2026, 12, draw.randrange(1, 4)),
                definition="90dpd",
            )
            for _ in some
        ],
    )
    bundle = {"id": 1, "sha256": bytes(32), "at": START, "model": b"\1" * 32, "description": "{}"}
    with database.writing() as connection:
        connection.execute(insert(schema.bundle), bundle)
        for table, rows in (
            (schema.decision, drawn.decisions), (schema.review, drawn.reviews),
            (schema.review_request, drawn.requests), (schema.outcome, drawn.outcomes),
        ):  # fmt: skip
            connection.execute(insert(table), rows)
    return drawn
