"""The service's routes, over HTTP."""

import json
from http import HTTPStatus
from typing import Any, Literal, Self, cast

import httpx

from advisor.answers import (
    Alternatives,
    Application,
    DriftReport,
    Explanation,
    Feature,
    Importance,
    ModelFacts,
    Record,
    ReferenceValues,
    Score,
    Sensitivity,
)
from advisor.errors import (
    DashboardError,
    Refused,
    ServiceAway,
    ServiceBusy,
    ServiceFailed,
    ServiceSlow,
    UnknownClient,
    WrongKey,
)

CONNECT_SECONDS = 3
SECONDS = 15  # for an answer; the service itself waits five for what it compares with
Compare = Literal["near", "all"]
ERRORS: dict[int, type[DashboardError]] = {
    HTTPStatus.UNAUTHORIZED: WrongKey,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Refused,
    HTTPStatus.UNPROCESSABLE_ENTITY: Refused,
    HTTPStatus.SERVICE_UNAVAILABLE: ServiceBusy,
}
NOT_FOUND = {"unknown client": UnknownClient, "unknown feature": Refused}


class Service:
    """The service at an address; one connection pool, and a time-out for every call.

    Each method asks one route and raises a `DashboardError` where there is no answer of it.
    """

    def __init__(self, url: str, key: str = "", seconds: float = SECONDS) -> None:
        """Set whom to ask.

        Args:
            url: address of the service, without a path.
            key: sent as `X-API-Key` where it is not empty.
            seconds: how long an answer may take.
        """
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=self.url,
            headers={"X-API-Key": key} if key else {},
            timeout=httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
            trust_env=False,
        )

    def __enter__(self) -> Self:
        """Use it in a block, at the end of which its connections are closed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._http.close()

    def model(self) -> ModelFacts:
        """What is in use, and what its makers say of it."""
        found = self._get("/model")
        if not isinstance(found, dict) or "sha256" not in found:
            raise ServiceFailed("200 /model")
        return cast(ModelFacts, found)

    def ids(self) -> list[int]:
        """Ids of the new clients."""
        return cast(list[int], self._get("/get_ids")["data"])

    def record(self, client: int) -> Record:
        """A client's raw record."""
        return cast(Record, json.loads(self._get("/get_test", param_name=client)["data"]))

    def features(self) -> list[Feature]:
        """What each feature means."""
        return cast(list[Feature], self._get("/features")["features"])

    def explanation(self, client: int) -> Explanation:
        """SHAP values of a client, in the model's raw output."""
        return cast(Explanation, self._get("/get_shap", param_name=client))

    def reference_values(self, feature: str) -> ReferenceValues:
        """A feature's values among reference clients, as the service names the classes."""
        return cast(ReferenceValues, self._get("/get_kde", param_name=feature))

    def importance(self) -> Importance:
        """What the model goes by."""
        return cast(Importance, self._get("/importance"))

    def drift(self) -> DriftReport:
        """How far the new clients differ from the reference clients."""
        return cast(DriftReport, self._get("/drift"))

    def score(self, application: Application, reasons: int = 4, compare: Compare = "near") -> Score:
        """An application's score, with at most so many reasons."""
        query = {"reasons": reasons, "compare": compare}
        return cast(Score, self._ask("POST", "/score", query, application))

    def sensitivity(self, application: Application, feature: str) -> Sensitivity:
        """The score of an application along one feature."""
        query = {"feature": feature}
        return cast(Sensitivity, self._ask("POST", "/sensitivity", query, application))

    def alternatives(self, client: int) -> Alternatives:
        """The smallest changes that turn the decision on a client."""
        return cast(Alternatives, self._get("/alternatives", client=client))

    def _get(self, path: str, **query: int | str) -> Any:
        return self._ask("GET", path, query)

    def _ask(
        self, method: str, path: str, query: dict[str, Any], body: Application | None = None
    ) -> Any:
        """The decoded answer of a route; of an error, the exception that it is."""
        try:
            answer = self._http.request(method, path, params=query, json=body)
        except httpx.TimeoutException as error:
            if isinstance(error, httpx.ConnectTimeout):
                raise ServiceAway(self.url) from error
            raise ServiceSlow(self.url) from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ServiceAway(self.url) from error
        try:
            content = answer.json()
        except ValueError as error:
            raise ServiceFailed(f"{answer.status_code} {path}") from error
        if answer.status_code == HTTPStatus.OK:
            return content
        detail = str(content.get("detail", "")) if isinstance(content, dict) else ""
        kind = ERRORS.get(answer.status_code, ServiceFailed)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            subject = " ".join(detail.split()[:2])
            kind = NOT_FOUND.get(subject, ServiceFailed)  # else there is no such route
        raise kind(detail or f"{answer.status_code} {path}")
