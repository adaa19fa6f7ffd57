"""`Progress`: a line of JSON by which a follower tells its parent how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

import msgspec


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The progress of a follower since its last line.

    Attributes:
        model: SHA-256 of the challenger's model file; None before one is in use.
        scored: decisions that were scored.
        failed: decisions that could not be scored, by the kind of the failure.
        refused: attempts to load the folder that failed.
        oldest: the time of the oldest decision that is not scored yet; None if all are.
        problem: the reason why the folder is not in use, or why the register is not followed; None
            without one.
    """

    model: str | None = None
    scored: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    refused: int = 0
    oldest: datetime | None = None
    problem: str | None = None

    @property
    def line(self) -> bytes:
        """The line, with its end."""
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> Self:
        """The progress in a line.

        Raises:
            msgspec.DecodeError: it is another text.
        """
        return msgspec.json.decode(line, type=cls)
