"""The routes of the register: each reads its parameters, calls one method, and answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.openapi import REGISTER
from api.register import responses as models
from api.register.monitoring_query import FiguresQuery
from api.register.requests import (
    DecisionQuery,
    DecisionReading,
    LetterQuery,
    ListQuery,
    ReviewBody,
    ReviewRequestBody,
    expected_reviews,
    key_of,
    read_body,
    read_outcomes,
)
from api.register.responses import outcomes_body, stored_body
from credit_scoring.data.table_files.client_ids import ClientId
from register.errors import InvalidRequest, UnknownDecision
from register.reading.decisions import DecisionFilter
from service.http_rules import bundle_of, service_of
from service.recording import documentation as document
from service.recording.drafts import DecisionRequest
from service.recording.recorder import RecordedCall
from service.recording.register_service import RegisterService
from serving.limits.body_limits import body_of
from serving.middleware import CALLER, REQUEST_ID
from serving.routing import INTEGER, documented, json_response, query_values, values_in


def register_of(request: Request) -> RegisterService:
    """The register of the service."""
    register: RegisterService = request.app.service.register
    return register


def caller_of(request: Request) -> str:
    """The name of the caller."""
    name: str = request.scope[CALLER].name
    return name


def decision_of(request: Request) -> UUID:
    """The decision's id in the path.

    Raises:
        UnknownDecision: it is not a UUID, so that no decision has it.
    """
    try:
        return UUID(request.path_params["id"])
    except ValueError as error:
        raise UnknownDecision("no decision has this id") from error


def client_of(request: Request, text: str) -> ClientId:
    """A client's id: a text if the ids of the bundle in use are texts, else an integer.

    Raises:
        InvalidRequest: it is not an integer where ids are numbers.
    """
    if bundle_of(request).has_text_ids:
        return text
    if not INTEGER.fullmatch(text):
        raise InvalidRequest("client: is not an integer, a client's id")
    return int(text)


@lru_cache(maxsize=64)
def decision_query(query_string: bytes) -> DecisionQuery:
    """The parameters of `/decisions`: callers send few different ones, and reading takes 50 µs."""
    return DecisionQuery.read(values_in(query_string))


async def decide(request: Request) -> Response:
    """Score one application or a list of up to 1,000 as /score does, and record each decision.

    The answer is that of /score with the decision's `id` and time, and is sent after all decisions
    are stored; those of a list are stored together or not at all. Errors store nothing.

    A caller who has no answer may call again with the same Idempotency-Key, and gets the recorded
    answer, if there is one, with the header `Idempotency-Replayed: true`.
    """
    service = service_of(request)
    query = decision_query(request.scope["query_string"])
    key = key_of(request.headers.getlist("Idempotency-Key"))
    body = await body_of(request, service.settings.max_score_bytes)
    recorded = await register_of(request).recorder.record(
        DecisionRequest(body, query, caller_of(request), request.scope[REQUEST_ID], key)
    )
    return _answer_of(recorded)


def _answer_of(recorded: RecordedCall) -> Response:
    headers = {"Idempotency-Replayed": "true"} if recorded.is_repeated else None
    return Response(recorded.body, 201, headers, "application/json")


async def decisions(request: Request) -> Response:
    """Recorded decisions in ids and figures, without a client's values, the newest first.

    `next` leads to the following page and is null on the last one. With filters a page may have
    fewer decisions than `limit`, or none, though others follow: read on until `next` is null. A
    list of one client's decisions is recorded as an event.
    """
    query = ListQuery.read(query_values(request))
    register = register_of(request)
    client = None if query.client is None else client_of(request, query.client)
    wanted = DecisionFilter(
        subject=register.store.subject(client),
        reference=register.store.reference(query.reference),
        start=query.start,
        end=query.end,
        prediction=query.prediction,
        grade=query.grade,
        reviewed=query.reviewed,
        requested=query.requested,
        after=query.after,
        limit=query.limit,
    )
    return json_response(stored_body(await register.desk.find(caller_of(request), wanted)))


async def decision(request: Request) -> Response:
    """All that is kept of a decision; the reading is recorded as an event with the caller's name.

    The header ETag has the number of reviews, for If-Match of the next one.
    """
    query = DecisionReading.read(query_values(request))
    stored = await register_of(request).desk.read(
        caller_of(request), decision_of(request), verify=query.verify
    )
    return Response(stored_body(stored), 200, {"ETag": f'"{stored.reviews}"'}, "application/json")


async def request_review(request: Request) -> Response:
    """Record that a client asks for a review of a decision by a person.

    A repeated call with the same Idempotency-Key gets the recorded answer, as at /decisions.
    """
    key = key_of(request.headers.getlist("Idempotency-Key"))
    body = await body_of(request, service_of(request).settings.max_body_bytes)
    return _answer_of(
        await register_of(request).desk.request_review(
            caller_of(request), decision_of(request), read_body(ReviewRequestBody, body), key
        )
    )


async def review(request: Request) -> Response:
    """Record a person's decision on a decision; the last review has the final one.

    With If-Match, the ETag of the decision, a review is refused if another one came since.
    """
    body = await body_of(request, service_of(request).settings.max_body_bytes)
    expected = expected_reviews(request.headers.get("If-Match"))
    recorded = await register_of(request).desk.review(
        caller_of(request), decision_of(request), read_body(ReviewBody, body), expected
    )
    return Response(stored_body(recorded), 201, media_type="application/json")


async def outcomes(request: Request) -> Response:
    """Record how loans went, a list of up to 1,000; an outcome that was recorded before stays.

    `reference` means the latest decision with it that was made on the day `observed` or before;
    if none was, the latest one. Unknown decisions are named in the answer, and the other outcomes
    are recorded. A correction is a new outcome of a later call.
    """
    body = await body_of(request, service_of(request).settings.max_body_bytes)
    report = await register_of(request).desk.record_outcomes(
        caller_of(request), read_outcomes(body)
    )
    return Response(outcomes_body(report), 201, media_type="application/json")


async def letter(request: Request) -> Response:
    """The letter to a client about a decision, as an accessible HTML page to be printed.

    That it was made is recorded as an event, with language and version of the template. It is held
    back if a person must decide first, for example on a reason that law protects.
    """
    query = LetterQuery.read(query_values(request))
    page = await register_of(request).desk.letter(
        caller_of(request), decision_of(request), query.language
    )
    return HTMLResponse(page.html)


async def monitoring(request: Request) -> Response:
    """The model at work: figures of the recorded decisions, with intervals, in cells.

    A question is answered for ten minutes as it was computed at `as_of`. While an answer is being
    computed for longer than some seconds, there is 503 with Retry-After: ask again.
    """
    query = FiguresQuery.read(query_values(request))
    return json_response(await register_of(request).monitoring.answer(query))


async def register_head(request: Request) -> Response:
    """The hash at the end of each stream, and one of all: publish it, and verify against it.

    Whoever owns the database can change it and compute new hashes, but not a hash that others keep.
    """
    return json_response(stored_body(await register_of(request).desk.head()))


@dataclass(frozen=True)
class RegisterRoute:
    """A route of the register.

    Attributes:
        method, path: of its requests.
        endpoint: answers a request.
        documentation: arguments of FastAPI's decorators.
    """

    method: str
    path: str
    endpoint: Callable[[Request], Awaitable[Response]]
    documentation: dict[str, Any]

    @property
    def place(self) -> tuple[str, Callable[[Request], Awaitable[Response]]]:
        """Path and endpoint."""
        return self.path, self.endpoint


def _created(summary: str, model: Any, *errors: int, takes: dict[str, Any]) -> dict[str, Any]:
    return documented(summary, REGISTER, model, *errors, takes=takes) | {"status_code": 201}


ROUTES = (
    RegisterRoute("POST", "/decisions", decide, _created(
        "Score applications and record the decisions", models.DecisionsAnswer,
        401, 403, 404, 409, 410, 413, 422, 503, takes=document.OF_DECISIONS)),
    RegisterRoute("GET", "/decisions", decisions, documented(
        "Recorded decisions", REGISTER, models.DecisionPage,
        401, 403, 422, 503, takes=document.OF_LIST)),
    RegisterRoute("GET", "/decisions/{id}", decision, documented(
        "A recorded decision", REGISTER, models.StoredDecision,
        401, 403, 404, 422, 503, takes=document.OF_DECISION)),
    RegisterRoute("POST", "/decisions/{id}/review-requests", request_review, _created(
        "A client asks for a review", models.ReviewRequest,
        401, 403, 404, 409, 410, 413, 422, 503, takes=document.OF_REVIEW_REQUEST)),
    RegisterRoute("POST", "/decisions/{id}/reviews", review, _created(
        "A person's decision on a decision", models.Review,
        401, 403, 404, 409, 413, 422, 503, takes=document.OF_REVIEW)),
    RegisterRoute("POST", "/outcomes", outcomes, _created(
        "How loans went", models.OutcomesAnswer,
        401, 403, 413, 422, 503, takes=document.OF_OUTCOMES)),
    RegisterRoute("GET", "/decisions/{id}/letter", letter, documented(
        "The letter about a decision", REGISTER, None,
        401, 403, 404, 409, 410, 422, 503, takes=document.OF_LETTER)
        | {"response_class": HTMLResponse}),
    RegisterRoute("GET", "/monitoring", monitoring, documented(
        "The model at work", REGISTER, models.MonitoringReport,
        401, 403, 422, 503, takes=document.OF_MONITORING)),
    RegisterRoute("GET", "/register/head", register_head, documented(
        "The head of the register", REGISTER, models.Head, 401, 403, 503)),
)  # fmt: skip
