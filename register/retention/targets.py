"""The decisions that a hold or an erasure is about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, or_

from credit_scoring.data.table_files.client_ids import WHOLE_NUMBER
from register.retention.decision_keys import DecisionKey, find_keys
from register.store import Store
from register.tables import schema
from register.tables.column_types import beginning

By = Literal["client", "reference", "decision"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """The decisions of a client, those with a reference, or one.

    Attributes:
        by: the option that names them.
        subjects: pseudonyms of the client.
        reference: pseudonym of the external id.
        decision: the decision's id.
    """

    by: By
    subjects: tuple[bytes, ...] = ()
    reference: bytes | None = None
    decision: UUID | None = None

    @classmethod
    def of_client(cls, store: Store, text: str) -> Self:
        """The decisions of a client, whose id may have been sent as a number or as a text.

        Only a text as the number is written means the number too: 007 or +7 is another client.
        """
        subjects = [store.subject(text)]
        if WHOLE_NUMBER.fullmatch(text) and str(int(text)) == text:
            subjects.append(store.subject(int(text)))
        return cls(by="client", subjects=tuple(found for found in subjects if found is not None))

    @classmethod
    def of_reference(cls, store: Store, text: str) -> Self:
        """The decisions with a reference."""
        return cls(by="reference", reference=store.reference(text))

    @classmethod
    def of_decision(cls, decision: UUID) -> Self:
        """One decision."""
        return cls(by="decision", decision=decision)

    def find(self, connection: Connection) -> Sequence[DecisionKey]:
        """The decisions that are recorded, the oldest first."""
        return find_keys(connection, or_(*self._conditions()))

    def _conditions(self) -> Iterator[ColumnElement[bool]]:
        decision = schema.decision.c
        for subject in self.subjects:
            yield (beginning(decision.subject) == subject[:6]) & (decision.subject == subject)
        if self.reference is not None:
            is_near = beginning(decision.reference) == self.reference[:6]
            yield is_near & (decision.reference == self.reference)
        if self.decision is not None:
            yield decision.id == self.decision
