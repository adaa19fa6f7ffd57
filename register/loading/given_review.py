"""`GivenRequest` and `GivenReview`: reviews of another system, as lines of files give them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from credit_scoring.decisions.application import LONGEST_REFERENCE
from register.loading.lines import BadLine, Line, caller_of, text_of, time_of
from register.reviews import review_entry, review_request_entry
from register.stored import Review, ReviewRequest
from register.writing.entry import Entry

LONGEST_NOTE = 4_000  # characters
REASON = re.compile(r"[A-Z0-9_]{1,40}", re.ASCII)


@dataclass(frozen=True)
class GivenRequest:
    """A review request to be loaded.

    Attributes:
        line: its number in the file.
        at: its time, in UTC.
        caller: the caller's name.
        reference: of the decision.
        statement: the client's point of view.
    """

    line: int
    at: datetime
    caller: str
    reference: str
    statement: str | None

    @classmethod
    def read(cls, line: Line, now: datetime) -> "GivenRequest":
        """The request of a line.

        Raises:
            BadLine: it is not one.
        """
        values = line.of(("at", "caller", "reference"), ("statement",))
        return cls(
            line=line.number,
            at=time_of(values["at"], now),
            caller=caller_of(values),
            reference=text_of(values, "reference", LONGEST_REFERENCE),
            statement=_note(values, "statement"),
        )

    def entry(self, number: UUID, decision: UUID) -> Entry:
        """The entry of the request.

        Args:
            number: a new id.
            decision: the decision's id.
        """
        request = ReviewRequest(id=number, at=self.at, caller=self.caller, statement=self.statement)
        return review_request_entry(request, decision)


@dataclass(frozen=True)
class GivenReview:
    """A review to be loaded.

    Attributes:
        line: its number in the file.
        at: its time, in UTC.
        caller: the reviewer's name.
        reference: of the decision.
        decision: the final one, 1 refused or 0 accepted.
        reason: a code.
        comment: of the reviewer.
    """

    line: int
    at: datetime
    caller: str
    reference: str
    decision: int
    reason: str
    comment: str | None

    @classmethod
    def read(cls, line: Line, now: datetime) -> "GivenReview":
        """The review of a line.

        Raises:
            BadLine: it is not one.
        """
        values = line.of(("at", "caller", "reference", "decision", "reason"), ("comment",))
        if type(values["decision"]) is not int or values["decision"] not in (0, 1):
            raise BadLine("decision is neither 0 nor 1")
        if not isinstance(values["reason"], str) or not REASON.fullmatch(values["reason"]):
            raise BadLine("reason is not a code of 1 to 40 of A to Z, 0 to 9 and _")
        return cls(
            line=line.number,
            at=time_of(values["at"], now),
            caller=caller_of(values),
            reference=text_of(values, "reference", LONGEST_REFERENCE),
            decision=values["decision"],
            reason=values["reason"],
            comment=_note(values, "comment"),
        )

    def entry(self, number: UUID, decision: UUID) -> Entry:
        """The entry of the review.

        Args:
            number: a new id.
            decision: the decision's id.
        """
        review = Review(
            id=number, at=self.at, reviewer=self.caller, decision=self.decision,
            reason=self.reason, comment=self.comment,
        )  # fmt: skip
        return review_entry(review, decision, None)


def _note(values: Mapping[str, Any], name: str) -> str | None:
    return None if values.get(name) is None else text_of(values, name, LONGEST_NOTE, 0)
