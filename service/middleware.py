"""The middleware of the service, put together."""

import logging

from starlette.applications import Starlette

from service.http_rules import ROLES, is_open
from service.scoring_service import ScoringService
from serving import swagger_ui
from serving.api_key import ApiKey
from serving.callers import Callers
from serving.limits.body_limits import BodyBudget
from serving.middleware import CanonicalPath, RequestLog, ResponseHeaders
from serving.observability.logs import LogWriter, request_logger

log = logging.getLogger(__name__)


def add_middleware(app: Starlette, service: ScoringService, logs: LogWriter | None) -> None:
    """Add the middleware to an application that has its routes; a request passes the last first.

    Args:
        app: the application.
        service: has settings and metrics.
        logs: takes a line for each request; None without a log.

    Raises:
        BadCallers: the file of callers cannot be used.
    """
    settings = service.settings
    line = request_logger(logs) if logs and settings.request_log else None
    callers = Callers(settings.keys, settings.api_keys_file, ROLES)
    named = settings.api_keys_file is not None
    headers = swagger_ui.answer_headers
    if service.register is not None:
        headers = service.register.answer_headers
    app.add_middleware(BodyBudget)
    app.add_middleware(ApiKey, callers=callers, roles=ROLES, is_open=is_open)
    app.add_middleware(ResponseHeaders, headers=headers)
    app.add_middleware(CanonicalPath, routes=app.routes)
    app.add_middleware(RequestLog, metrics=service.metrics, write=line, names_callers=named)
    if not settings.needs_key:
        log.warning("API_KEY is not set: everybody who reaches the service may ask")
