"""Requests whose responses are computed: each checks itself, and computes its response.

Two that are equal share one computation, or a cached response.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Self

from pydantic import Field

from api.application_decoder import ApplicationDecoder
from api.responses import (
    combinations_body,
    counterfactuals_body,
    drift_body,
    explanation_bodies,
    features_body,
    importance_body,
    score_body,
    sensitivity_body,
)
from api.strict_json import SPACE
from credit_scoring.data.table_files.client_ids import ClientId
from credit_scoring.decisions.application import Application, Applications
from credit_scoring.decisions.scoring import ApplicationScorer, is_quickly_scored
from credit_scoring.explain.peers import Compare, Peers
from credit_scoring.model.bundle import Bundle
from service.served_bundle import ServedBundle
from serving.batching import Computation

SHORT = 65_536  # bytes; a longer body is decoded outside the event loop, and never joins another
EXPLAINED_TOGETHER = 64  # clients in one call, as many as `treeshap` takes in one block

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


class ServedRequest(Computation[ServedBundle]):
    """A request that a bundle answers."""

    needs_peers: ClassVar = False

    @abstractmethod
    def check(self, served: ServedBundle) -> None:
        """Refuse at once what need not wait for the queue.

        Raises:
            UnknownClient: no new client has the requested id.
            UnknownLanguage: `features.csv` has no words in the language.
        """

    def response_at_once(self, _served: ServedBundle) -> bytes | None:
        """The response if computing it is faster than a change of threads, else None."""
        return None


@dataclass(frozen=True)
class ExplanationRequest(ServedRequest):
    """A request to `/get_shap`.

    Attributes:
        client: a new client's id.
        is_quick: true if `treeshap` explains, whose last bits differ from LightGBM's.
    """

    client: ClientId
    is_quick: bool

    def check(self, served: ServedBundle) -> None:
        """Refuse an unknown client."""
        served.bundle.row_of(self.client)

    def response(self, served: ServedBundle) -> bytes:
        """The body of `/get_shap`."""
        (body,) = explanation_bodies(served.bundle, [self.client])
        return body

    @classmethod
    def responses(cls, served: ServedBundle, batch: Sequence[Self]) -> Sequence[bytes]:
        """The bodies for some clients, explained in one call."""
        return explanation_bodies(served.bundle, [each.client for each in batch])

    def most_together(self, served: ServedBundle) -> int:
        """Several clients only if that is quick."""
        return EXPLAINED_TOGETHER if served.bundle.classifier.is_quick else 1


@dataclass(eq=False)
class ScoreRequest(ServedRequest):
    """A request to `/score`; two requests with the same short body are equal.

    Attributes:
        body: JSON text.
        reasons: the largest number of reasons of an application.
        compare: the peers.
        strengths: the largest number of strengths of an application.
        language: of the reasons' words; None for the base language.
    """

    needs_peers: ClassVar = True
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

    def check(self, served: ServedBundle) -> None:
        """Refuse an unknown language."""
        served.wording.check(self.language)

    def response(self, served: ServedBundle) -> bytes:
        """The body of `/score`; needs the peers.

        Raises:
            UnknownClient: no new client has a requested id.
            InvalidApplication: an application is invalid or cannot be scored.
        """
        return self._body(served, served.applications.decode(self.body))

    def response_at_once(self, served: ServedBundle) -> bytes | None:
        """The body of `/score` if no reasons are requested; see `response`."""
        applications = self.decode_at_once(served.bundle, served.applications)
        return None if applications is None else self._body(served, applications)

    def gives_way(self, served: ServedBundle) -> bool:
        """True if pandas transforms a list."""
        return self.is_list and served.bundle.scorer.transformer.vectorised is None

    def decode_at_once(self, bundle: Bundle, decoder: ApplicationDecoder) -> Applications | None:
        """The application if scoring it is faster than a change of threads, else None.

        Raises:
            InvalidApplication: the application is invalid.
        """
        if self.reasons or self.strengths or self.is_list or len(self.body) > SHORT:
            return None
        applications = decoder.decode(self.body)
        return applications if is_quickly_scored(bundle, applications) else None

    def scorer(self, bundle: Bundle, peers: Peers) -> ApplicationScorer:
        """The scorer with the numbers of reasons and strengths of this request."""
        return ApplicationScorer(bundle, peers, self.reasons, self.compare, self.strengths)

    def _body(self, served: ServedBundle, applications: Applications) -> bytes:
        peers = served.wording.peers(served.found_peers, self.language)
        return score_body(self.scorer(served.bundle, peers), applications)


@dataclass(frozen=True)
class ApplicationRequest(ServedRequest):
    """A request about one application: a client's id, or JSON text."""

    application: ClientId | bytes

    def check(self, served: ServedBundle) -> None:
        """Refuse an unknown client."""
        if not isinstance(self.application, bytes):
            served.bundle.row_of(self.application)

    def decoded(self, served: ServedBundle) -> Application:
        """The application.

        Raises:
            InvalidApplication: the text is not an application.
        """
        if isinstance(self.application, bytes):
            return served.applications.decode_one(self.application.strip())
        return Application(self.application)


@dataclass(frozen=True)
class SensitivityRequest(ApplicationRequest):
    """A request to `/sensitivity`: an application and a feature."""

    feature: str

    def response(self, served: ServedBundle) -> bytes:
        """The body of `/sensitivity`.

        Raises:
            UnknownFeature: no feature has that name.
            InvalidApplication: the application is invalid or cannot be scored.
        """
        return sensitivity_body(served.bundle, self.decoded(served), self.feature)


@dataclass(frozen=True)
class ChangesRequest(ApplicationRequest):
    """A request for changes of an application, with the language of labels."""

    language: str | None

    def check(self, served: ServedBundle) -> None:
        """Refuse an unknown client or language."""
        super().check(served)
        served.wording.check(self.language)


class CounterfactualsRequest(ChangesRequest):
    """A request to `/alternatives`."""

    def response(self, served: ServedBundle) -> bytes:
        """The body of `/alternatives`.

        Raises:
            InvalidApplication: the application is invalid or cannot be scored.
        """
        dictionary = served.wording.dictionary(self.language)
        return counterfactuals_body(served.bundle, dictionary, self.decoded(served))


class CombinationsRequest(ChangesRequest):
    """A request to `/combinations`."""

    def response(self, served: ServedBundle) -> bytes:
        """The body of `/combinations`.

        Raises:
            InvalidApplication: the application is invalid or cannot be scored.
        """
        dictionary = served.wording.dictionary(self.language)
        finder, application = served.combination_finder, self.decoded(served)
        return combinations_body(served.bundle, finder, dictionary, application)


@dataclass(frozen=True)
class ModelRequest(ServedRequest):
    """A request for facts about the model, in a language."""

    language: str | None

    def check(self, served: ServedBundle) -> None:
        """Refuse an unknown language."""
        served.wording.check(self.language)


class FeaturesRequest(ModelRequest):
    """A request to `/features`."""

    def response(self, served: ServedBundle) -> bytes:
        """The body of `/features`."""
        return features_body(served.bundle, served.wording.dictionary(self.language))


class ImportanceRequest(ModelRequest):
    """A request to `/importance`."""

    needs_peers: ClassVar = True

    def response(self, served: ServedBundle) -> bytes:
        """The body of `/importance`; needs the peers."""
        peers = served.wording.peers(served.found_peers, self.language)
        return importance_body(served.bundle, peers)


class DriftRequest(ModelRequest):
    """A request to `/drift`."""

    needs_peers: ClassVar = True

    def response(self, served: ServedBundle) -> bytes:
        """The body of `/drift`; needs the peers."""
        bundle, dictionary = served.bundle, served.wording.dictionary(self.language)
        new_scores = bundle.classifier.probabilities_together(bundle.transformed)
        return drift_body(bundle, dictionary, served.found_peers.probabilities, new_scores)
