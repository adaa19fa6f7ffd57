"""The register's routes, called over HTTP."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from advisor.register.response_models import (
    DecisionPage,
    RecordedScore,
    RegisterState,
    StoredDecision,
)
from advisor.service_client.errors import (
    DashboardError,
    DataErased,
    LetterHeld,
    Refused,
    RegisterAway,
    ReviewedMeanwhile,
    RoleMissing,
    ServiceFailed,
    StillRecording,
    UnknownClient,
    UnknownDecision,
    WrongKey,
)
from advisor.service_client.service_api import Connection, decoded, described, detail_of

Kinds = Mapping[int, type[DashboardError]]

ERRORS: Kinds = {
    HTTPStatus.UNAUTHORIZED: WrongKey,
    HTTPStatus.FORBIDDEN: RoleMissing,
    HTTPStatus.NOT_FOUND: UnknownDecision,
    HTTPStatus.GONE: DataErased,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Refused,
    HTTPStatus.UNPROCESSABLE_ENTITY: Refused,
    HTTPStatus.SERVICE_UNAVAILABLE: RegisterAway,
}
SUCCESS = (HTTPStatus.OK, HTTPStatus.CREATED)
NO_ROUTE = "Not Found"  # the message of a 404 if the service has no register any more
HEALTH_SECONDS = 3  # a page waits for it before it shows anything
MOST_REASONS = 4  # as many as in a letter
DECISIONS_A_PAGE = 50


class RegisterApi:
    """The register's routes, one a method; each raises a `DashboardError` if its request fails."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def state(self) -> RegisterState | None:
        """The register's state in `/health`; None if the service has no register."""
        health = self._json("GET", "/health", {}, seconds=HEALTH_SECONDS)
        if not isinstance(health, dict) or "register" not in health:
            return None
        return "away" if health["register"] == "away" else "ok"

    def record(self, application: Mapping[str, Any], key: str) -> RecordedScore:
        """Record the decision on an application, once for each Idempotency-Key.

        Its reasons are those of a letter. A person decides with the score: it is not automated.

        Raises:
            StillRecording: an earlier request with this key is not answered yet.
        """
        query = {"reasons": MOST_REASONS, "compare": "near", "automated": "false"}
        headers = {"Idempotency-Key": key}
        kinds: Kinds = {HTTPStatus.CONFLICT: StillRecording, HTTPStatus.NOT_FOUND: UnknownClient}
        return cast(
            RecordedScore,
            self._json("POST", "/decisions", query, dict(application), headers, kinds=kinds),
        )

    def decisions(self, after: str | None = None, **wanted: Any) -> DecisionPage:
        """Decisions, newest first.

        Args:
            after: the cursor of the page before; None for the first page.
            wanted: parameters of the route, such as `client` or `reference`.
        """
        query = {"limit": DECISIONS_A_PAGE, **wanted} | ({} if after is None else {"after": after})
        return cast(DecisionPage, self._json("GET", "/decisions", query))

    def decision(self, decision: str) -> StoredDecision:
        """One decision, with its reasons, reviews, requests and outcomes."""
        path = f"/decisions/{quote(decision, safe='')}"  # a person may have typed it
        return cast(StoredDecision, self._json("GET", path, {}))

    def request_review(self, decision: str, statement: str, key: str) -> None:
        """Record a client's request for a review, once for each Idempotency-Key.

        Args:
            decision: its id.
            statement: the client's point of view; none if it is empty.
            key: the Idempotency-Key.

        Raises:
            StillRecording: an earlier request with this key is not answered yet.
        """
        body = {"statement": statement} if statement else {}
        path, headers = f"/decisions/{decision}/review-requests", {"Idempotency-Key": key}
        kinds: Kinds = {HTTPStatus.CONFLICT: StillRecording}
        self._json("POST", path, {}, body, headers, kinds=kinds)

    def review(self, decision: str, reviews: int, final: int, reason: str, comment: str) -> None:
        """Record a person's decision on a decision.

        Args:
            decision: its id.
            reviews: the number of reviews that the person knows of.
            final: the person's decision, 1 for a refusal.
            reason: a code of the lender.
            comment: no comment if it is empty.

        Raises:
            ReviewedMeanwhile: the decision has more reviews than `reviews`; nothing is recorded.
        """
        body = {"decision": final, "reason": reason} | ({"comment": comment} if comment else {})
        headers = {"If-Match": f'"{reviews}"'}
        kinds: Kinds = {HTTPStatus.CONFLICT: ReviewedMeanwhile}
        self._json("POST", f"/decisions/{decision}/reviews", {}, body, headers, kinds=kinds)

    def letter(self, decision: str, language: str) -> str:
        """The letter about a decision as an HTML document.

        Raises:
            LetterHeld: a person must decide before.
        """
        path = f"/decisions/{decision}/letter"
        response = self.connection.send("GET", path, {"language": language})
        if response.status_code != HTTPStatus.OK:
            raise failure(response, {HTTPStatus.CONFLICT: LetterHeld})
        return response.text

    def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        kinds: Kinds | None = None,
        seconds: float | None = None,
    ) -> Any:
        response = self.connection.send(method, path, query, body, headers, seconds)
        if response.status_code not in SUCCESS:
            raise failure(response, kinds or {})
        return decoded(response)


def failure(response: httpx.Response, kinds: Kinds) -> DashboardError:
    """The exception for an error response.

    Args:
        response: the response.
        kinds: exceptions by status, of this route only.
    """
    detail = detail_of(decoded(response))
    kind = {**ERRORS, **kinds}.get(response.status_code, ServiceFailed)
    if response.status_code == HTTPStatus.NOT_FOUND and detail == NO_ROUTE:
        kind = ServiceFailed
    return kind(detail or described(response))
