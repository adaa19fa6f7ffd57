"""Responses of the routes of the register: their shapes and their JSON text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field

from credit_scoring.decisions.scoring import ScoredApplication
from register.monitoring.document.report import MonitoringReport
from register.outcomes import OutcomeReport, UnknownItem
from register.reading.decisions import DecisionPage
from register.stored import Review, ReviewRequest, StoredDecision
from register.tables.column_types import moment_text
from register.verification.chain.head import Head

__all__ = [
    "DecisionPage", "Head", "MonitoringReport", "Review", "ReviewRequest", "StoredDecision",
]  # fmt: skip


@dataclass(kw_only=True)
class Recorded:
    """Id and time of a recorded decision."""

    id: UUID
    at: Annotated[datetime, Field(description="UTC, to the microsecond")]


@dataclass(kw_only=True)
class RecordedDecision(ScoredApplication, Recorded):
    """A recorded decision: its id and time, then the answer of `/score`."""


DecisionsAnswer = RecordedDecision | list[RecordedDecision]


@dataclass(frozen=True)
class OutcomesAnswer:
    """The outcomes that are in the register now, and those of unknown decisions."""

    recorded: Annotated[int, Field(description="outcomes that are in the register now")]
    unknown: Annotated[Sequence[UnknownItem], Field(description="outcomes that are left out")]


def outcomes_body(report: OutcomeReport) -> bytes:
    """The body of `/outcomes`."""
    return orjson.dumps(OutcomesAnswer(report.recorded, report.unknown))


def stored_body(stored: object) -> bytes:
    """Dataclasses of the register as JSON text."""
    return orjson.dumps(stored, _plain, orjson.OPT_PASSTHROUGH_DATETIME)


def _plain(value: object) -> Any:
    """A value that orjson does not know."""
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)
