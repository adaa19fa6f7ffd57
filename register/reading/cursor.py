"""The cursor of a list of decisions: the place of its last one, as a text for URLs."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from register.errors import InvalidCursor
from register.tables.column_types import EPOCH, MICROSECOND, microseconds

PROBLEM = "after is not a cursor of a page before"


@dataclass(frozen=True)
class Cursor:
    """A place in the decisions, of which the newest come first.

    Attributes:
        at, id: of the last decision that was read.
    """

    at: datetime
    id: UUID

    @property
    def text(self) -> str:
        """The cursor as a text."""
        at = microseconds(self.at).to_bytes(8, "big", signed=True)
        return base64.urlsafe_b64encode(at + self.id.bytes).decode()

    @classmethod
    def of_text(cls, text: str) -> Self:
        """The cursor in a text.

        Raises:
            InvalidCursor: it has none.
        """
        try:
            content = base64.urlsafe_b64decode(text.encode("ascii"))
            at = EPOCH + int.from_bytes(content[:8], "big", signed=True) * MICROSECOND
            cursor = cls(at, UUID(bytes=content[8:]))
        except (ValueError, OverflowError) as error:
            raise InvalidCursor(PROBLEM) from error
        if cursor.text != text:
            raise InvalidCursor(PROBLEM)
        return cursor
