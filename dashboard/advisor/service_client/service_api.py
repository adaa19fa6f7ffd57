"""The service's routes, called over HTTP."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

import httpx

from advisor.service_client.errors import (
    DashboardError,
    Refused,
    RoleMissing,
    ServiceAway,
    ServiceBusy,
    ServiceFailed,
    ServiceSlow,
    UnknownClient,
    WrongKey,
)
from advisor.service_client.response_models import (
    Application,
    ClientId,
    Combinations,
    Compare,
    Counterfactuals,
    Feature,
    Importance,
    ModelFacts,
    PsiReport,
    Record,
    ReferenceValues,
    Score,
    Sensitivity,
)

CONNECT_SECONDS = 3
RESPONSE_SECONDS = 15  # the service itself may wait five seconds for its reference clients
ERRORS: dict[int, type[DashboardError]] = {
    HTTPStatus.UNAUTHORIZED: WrongKey,
    HTTPStatus.FORBIDDEN: RoleMissing,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Refused,
    HTTPStatus.UNPROCESSABLE_ENTITY: Refused,
    HTTPStatus.SERVICE_UNAVAILABLE: ServiceBusy,
}
NOT_FOUND = {"unknown client": UnknownClient, "unknown feature": Refused}


class Connection:
    """A connection pool to one address, with a time-out for every request."""

    def __init__(
        self,
        url: str,
        key: str = "",
        seconds: float = RESPONSE_SECONDS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Open the pool.

        Args:
            url: address of the service, without a path.
            key: sent as `X-API-Key` unless it is empty.
            seconds: time-out of a response.
            transport: carries the requests instead of the network.
        """
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=self.url,
            headers={"X-API-Key": key} if key else {},
            timeout=httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
            trust_env=False,
            transport=transport,
        )

    def close(self) -> None:
        """Close the pool."""
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> httpx.Response:
        """The response to a request, whatever its status.

        Args:
            method, path, query: of the request.
            body: sent as JSON unless it is None.
            headers: sent beside the key.
            seconds: the time-out of the response, in place of the pool's.

        Raises:
            ServiceAway: no connection, or a broken one.
            ServiceSlow: no response within the time-out.
        """
        timeout = (
            httpx.USE_CLIENT_DEFAULT
            if seconds is None
            else httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        )
        try:
            return self._http.request(
                method, path, params=query, json=body, headers=headers, timeout=timeout
            )
        except httpx.TimeoutException as error:
            if isinstance(error, httpx.ConnectTimeout):
                raise ServiceAway(self.url) from error
            raise ServiceSlow(self.url) from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ServiceAway(self.url) from error

    def request(
        self, method: str, path: str, query: dict[str, Any], body: Application | None
    ) -> Any:
        """The decoded body of a response with the status 200; other responses raise."""
        response = self.send(method, path, query, body)
        content = decoded(response)
        if response.status_code == HTTPStatus.OK:
            return content
        detail = detail_of(content)
        kind = ERRORS.get(response.status_code, ServiceFailed)
        if response.status_code == HTTPStatus.NOT_FOUND:
            subject = " ".join(detail.split()[:2])
            kind = NOT_FOUND.get(subject, ServiceFailed)  # another 404: the route does not exist
        raise kind(detail or described(response))


def described(response: httpx.Response) -> str:
    """The status and path of a response, for a message."""
    return f"{response.status_code} {response.request.url.path}"


def decoded(response: httpx.Response) -> Any:
    """The JSON of a response.

    Raises:
        ServiceFailed: the body is not JSON.
    """
    try:
        return response.json()
    except ValueError as error:
        raise ServiceFailed(described(response)) from error


def detail_of(content: Any) -> str:
    """The message in the decoded body of an error; empty if there is none."""
    return str(content.get("detail", "")) if isinstance(content, dict) else ""


class ServiceApi:
    """The service's routes, one a method; each raises a `DashboardError` if its request fails."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def request(
        self, method: str, path: str, query: dict[str, Any], body: Application | None = None
    ) -> Any:
        """The decoded body of a response; a subclass may check or cache it."""
        return self.connection.request(method, path, query, body)

    def model(self) -> ModelFacts:
        """The model in use: hashes, sizes, versions and the content of model.json."""
        found = self._get("/model")
        if not isinstance(found, dict) or "sha256" not in found:
            raise ServiceFailed("200 /model")
        return cast(ModelFacts, found)

    def ids(self) -> list[ClientId]:
        """Ids of the new clients."""
        return cast(list[ClientId], self._get("/get_ids")["data"])

    def record(self, client: ClientId) -> Record:
        """A client's raw record."""
        return cast(Record, json.loads(self._get("/get_test", param_name=client)["data"]))

    def features(self) -> list[Feature]:
        """Names, meanings and values of all features."""
        return cast(list[Feature], self._get("/features")["features"])

    def reference_values(self, feature: str) -> ReferenceValues:
        """A feature's values among the reference clients, by class."""
        return cast(ReferenceValues, self._get("/get_kde", param_name=feature))

    def importance(self) -> Importance:
        """Mean absolute contribution of each theme."""
        return cast(Importance, self._get("/importance"))

    def psi_report(self) -> PsiReport:
        """Population stability of new clients against reference clients."""
        return cast(PsiReport, self._get("/drift"))

    def score(
        self,
        application: Application,
        reasons: int = 4,
        compare: Compare = "near",
        strengths: int = 0,
    ) -> Score:
        """An application's score, with at most this many reasons and strengths."""
        query = {"reasons": reasons, "compare": compare}
        if strengths:
            query["strengths"] = strengths
        return cast(Score, self.request("POST", "/score", query, application))

    def sensitivity(self, application: Application, feature: str) -> Sensitivity:
        """The score of an application along one feature."""
        query = {"feature": feature}
        return cast(Sensitivity, self.request("POST", "/sensitivity", query, application))

    def counterfactuals(self, client: ClientId) -> Counterfactuals:
        """The smallest changes that reverse the decision on a client."""
        return cast(Counterfactuals, self._get("/alternatives", client=client))

    def counterfactuals_of(self, application: Application) -> Counterfactuals:
        """The smallest changes that reverse the decision on an application."""
        return cast(Counterfactuals, self.request("POST", "/alternatives", {}, application))

    def combinations(self, application: Application) -> Combinations:
        """The smallest changes of two features that reverse the decision on an application."""
        return cast(Combinations, self.request("POST", "/combinations", {}, application))

    def _get(self, path: str, **query: int | str) -> Any:
        return self.request("GET", path, query)
