"""Failures between the dashboard and the service.

`wordings/errors.toml` has a sentence and a next step for each, under its `key`.
"""

from typing import ClassVar


class DashboardError(Exception):
    """A page cannot be made.

    Attributes:
        detail: the service's own message, or the address that was asked.
    """

    key: ClassVar[str]

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class ServiceAway(DashboardError):
    """No server listens at the address, or the connection broke."""

    key = "away"


class ServiceSlow(DashboardError):
    """The service sent no response within the time-out."""

    key = "slow"


class ServiceBusy(DashboardError):
    """503: too many requests wait, or the service still scores its reference clients."""

    key = "busy"


class WrongKey(DashboardError):
    """401: the service wants an API key, and the dashboard has none or another one."""

    key = "wrong_key"


class RoleMissing(DashboardError):
    """403: the dashboard's key lacks the role that a route needs."""

    key = "role_missing"


class UnknownClient(DashboardError):
    """404: no new client has this id."""

    key = "unknown_client"


class Refused(DashboardError):
    """404, 413 or 422: the service cannot score the application."""

    key = "refused"


class ServiceFailed(DashboardError):
    """The response is not one that this service documents."""

    key = "failed"


class ModelChanged(DashboardError):
    """The model's files were replaced while a page was being made."""

    key = "model_changed"


class RegisterAway(DashboardError):
    """503 of a route of the register: its database does not answer, or too much waits."""

    key = "register_away"


class UnknownDecision(DashboardError):
    """404: the register has no decision with this id."""

    key = "unknown_decision"


class ReviewedMeanwhile(DashboardError):
    """409: another person reviewed the decision first."""

    key = "reviewed_meanwhile"


class StillRecording(DashboardError):
    """409: an earlier request with the same Idempotency-Key is not answered yet."""

    key = "still_recording"


class LetterHeld(DashboardError):
    """409: a person must decide before the letter is sent."""

    key = "letter_held"


class DataErased(DashboardError):
    """410: the client's data in the register were erased."""

    key = "data_erased"


class StillCounting(DashboardError):
    """503 of `/monitoring`: the service counts, and has no answer yet."""

    key = "still_counting"


class FiguresAway(DashboardError):
    """503 of `/monitoring`: the service cannot count now."""

    key = "figures_away"


class WrongReasonCodes(DashboardError):
    """DASHBOARD_REASONS is not a list of reason codes."""

    key = "wrong_reason_codes"
