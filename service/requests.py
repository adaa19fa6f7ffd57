"""Requests of routes: two that are equal share one computation, or a cached response."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from api.strict_json import SPACE
from credit_scoring.data.table_files.client_ids import ClientId
from credit_scoring.explain.peers import Compare

SHORT = 65_536  # bytes; a longer body is decoded outside the event loop, and never joins another

# Parameters in queries.
MostReasons = Annotated[int, Field(ge=0, le=10, description="the largest number of reasons")]
MostStrengths = Annotated[int, Field(ge=0, le=10, description="the largest number of strengths")]
Language = Annotated[
    str | None,
    Field(
        description="of words: one of the languages of /model",
        json_schema_extra={"$ref": "#/components/schemas/Language"},
    ),
]


class ExplanationKey(NamedTuple):
    """A client's id; quick if `treeshap` explains, whose last bits differ from LightGBM's."""

    client: ClientId
    is_quick: bool


@dataclass(eq=False)
class ScoreRequest:
    """A request to `/score`; two requests with the same short body are equal.

    Attributes:
        body: JSON text.
        reasons: the largest number of reasons of an application.
        compare: the peers.
        strengths: the largest number of strengths of an application.
        language: of the reasons' words; None for the base language.
    """

    body: bytes
    reasons: int
    compare: Compare
    strengths: int = 0
    language: str | None = None

    def __eq__(self, other: object) -> bool:
        """True for the same request, if its body is short: comparing a long one takes too long."""
        return isinstance(other, ScoreRequest) and self._identity == other._identity

    def __hash__(self) -> int:
        """The hash of a short body, not of a long one."""
        return hash(self._identity)

    @cached_property
    def _identity(self) -> tuple[object, ...]:
        body = self.body if len(self.body) <= SHORT else object()
        return body, self.reasons, self.compare, self.strengths, self.language

    @property
    def is_list(self) -> bool:
        """True for a list of applications."""
        return self.body.lstrip(SPACE).startswith(b"[")


class CounterfactualsRequest(NamedTuple):
    """A request to `/alternatives`: a client's id, and the language of labels."""

    client: ClientId
    language: str | None


class CombinationsRequest(NamedTuple):
    """A request to `/combinations`: a client's id or an application in JSON, and a language."""

    application: ClientId | bytes
    language: str | None


class ModelRequest(NamedTuple):
    """A request for facts about the model: the route's name, and the language of words."""

    name: Literal["features", "importance", "drift"]
    language: str | None


class SensitivityRequest(NamedTuple):
    """A request to `/sensitivity`: a client's id or an application in JSON, and a feature."""

    application: ClientId | bytes
    feature: str
