"""What can go wrong between the dashboard and the service.

    DashboardError
    ├── ServiceAway      nobody listens at that address
    ├── ServiceSlow      no answer within the time-out
    ├── ServiceBusy      503: too much waits, or the reference clients are being scored
    ├── WrongKey         401
    ├── UnknownClient    404: no new client has that id
    ├── Refused          404, 413 or 422: what was sent is no application that the service takes
    ├── ServiceFailed    any other answer
    └── ModelChanged     the files of the model were replaced while a page was being made

The texts have a sentence and a way on for each, by its `key`.
"""

from typing import ClassVar


class DashboardError(Exception):
    """A page cannot be made; `detail` is what the service said of it, or the address asked."""

    key: ClassVar[str]

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class ServiceAway(DashboardError):
    """Nobody listens at the address, or the connection broke."""

    key = "away"


class ServiceSlow(DashboardError):
    """There was no answer within the time-out."""

    key = "slow"


class ServiceBusy(DashboardError):
    """The service asks to come back."""

    key = "busy"


class WrongKey(DashboardError):
    """The service wants a key and was sent none of its own."""

    key = "wrong_key"


class UnknownClient(DashboardError):
    """No new client has that id."""

    key = "unknown_client"


class Refused(DashboardError):
    """The service takes no such application."""

    key = "refused"


class ServiceFailed(DashboardError):
    """An answer that is none of this service's."""

    key = "failed"


class ModelChanged(DashboardError):
    """Answers of two models would come together on one page."""

    key = "model_changed"
