"""Values of a decision that no model sees, such as a protected group, for audits of the rates.

A decision has a commitment to its values, HMAC-SHA256 with a salt of their own: when they are
deleted, before the evidence or after it, the salt goes too, and nobody can find them by trying.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import RowMapping

from register.evidence.chain import commitment
from register.evidence.records import new_salt


@dataclass(frozen=True)
class AuditValues:
    """The audit values of one decision.

    Attributes:
        values: by name, one or more.
        salt: of the commitment.
    """

    values: Mapping[str, str]
    salt: bytes

    @classmethod
    def new(cls, values: Mapping[str, str]) -> Self:
        """Values with a salt of their own."""
        return cls(values, new_salt())

    @property
    def commitment(self) -> bytes:
        """The commitment to all names and values."""
        return commitment(
            self.salt, [part for pair in sorted(self.values.items()) for part in pair]
        )

    def rows(self, decision: UUID, at: datetime) -> list[dict[str, Any]]:
        """The rows of `schema.audit`.

        Args:
            decision: the decision's id.
            at: its time.
        """
        return [
            {"decision": decision, "at": at, "name": name, "value": value, "salt": self.salt}
            for name, value in self.values.items()
        ]

    @classmethod
    def of_rows(cls, rows: Sequence[Mapping[str, Any] | RowMapping]) -> Self:
        """The values in the rows of one decision in `schema.audit`, one or more.

        If somebody changed a salt, the commitment of these values is another one.
        """
        salts = sorted({bytes(row["salt"]) for row in rows})
        return cls({row["name"]: row["value"] for row in rows}, b"".join(salts))
