"""Decisions with an open request for a review."""

from datetime import datetime
from functools import partial

from advisor.register.held_reads import held
from advisor.register.register_api import RegisterApi
from advisor.register.response_models import DecisionSummary

A_PAGE = 500  # decisions; the service's most
MOST_PAGES = 20


def open_requests(register: RegisterApi, limit: int = A_PAGE) -> tuple[list[DecisionSummary], bool]:
    """The decisions with an open request, the oldest request first; false if others may follow.

    The service lists decisions by their own times, the newest first: all pages are read.

    Args:
        register: the register.
        limit: decisions on a page.
    """
    found: list[DecisionSummary] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        read = partial(register.decisions, cursor, requested="true", limit=limit)
        page = held(("open requests", limit, cursor), read)
        found += page["decisions"]
        cursor = page["next"]
        if cursor is None:
            break
    return sorted(found, key=requested_at), cursor is None


def requested_at(decision: DecisionSummary) -> datetime:
    """The time of the oldest open request on a decision."""
    return datetime.fromisoformat(decision["review_requested_at"] or decision["at"])
