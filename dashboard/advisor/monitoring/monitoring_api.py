"""The route of the figures of the model at work, called over HTTP."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import cast

from advisor.monitoring.response_models import MonitoringReport
from advisor.register.register_api import failure
from advisor.service_client.errors import FiguresAway, StillCounting
from advisor.service_client.service_api import Connection, decoded

PATH = "/monitoring"
SECONDS = 35  # the service answers within 25 that it still counts
COUNTING = "the figures are being computed"


class MonitoringApi:
    """The figures of the model at work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def report(self, query: Mapping[str, str]) -> MonitoringReport:
        """The figures that a query asks for.

        Raises:
            StillCounting: the service counts, and has no answer yet.
            FiguresAway: the service cannot count now.
            DashboardError: the request failed in another way.
        """
        response = self.connection.send("GET", PATH, query, seconds=SECONDS)
        if response.status_code != HTTPStatus.OK:
            error = failure(response, {HTTPStatus.SERVICE_UNAVAILABLE: FiguresAway})
            is_counting = isinstance(error, FiguresAway) and error.detail.startswith(COUNTING)
            raise StillCounting if is_counting else error
        return cast(MonitoringReport, decoded(response))
