"""Limits on bodies: read in chunks, up to a number of bytes, within a budget."""

import asyncio
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from serving.limits.body_limits import SHORT, BodyBudget, body_of
from tests.serving.bounded_server import (
    CLOSE,
    TOO_SLOW,
    BodyCounter,
    Hasty,
    Running,
    check_refusal,
    running,
)

CHUNK, CHUNKS = bytes(16_384), 1_200  # 20 MB
SECONDS = 0.5  # of the processor; 4 s where each chunk has what came before copied
BUDGET = 1_000_000  # bytes
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"


def chunked_request() -> Request:
    """A request of 20 MB, whose chunks are made one at a time."""
    left = CHUNKS

    async def receive() -> Message:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": b"%b" % CHUNK, "more_body": left > 0}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def test_a_large_body_is_not_copied_for_each_of_its_chunks():
    began = time.process_time()
    body = asyncio.run(body_of(chunked_request(), len(CHUNK) * CHUNKS))
    assert time.process_time() < began + SECONDS
    assert body == CHUNK * CHUNKS


def test_a_large_body_is_held_once():
    async def most_held() -> float:
        """Bytes at the peak, of each byte of the body."""
        tracemalloc.start()
        try:
            body = await body_of(chunked_request(), len(CHUNK) * CHUNKS)
            return tracemalloc.get_traced_memory()[1] / len(body)
        finally:
            tracemalloc.stop()

    assert 1 <= asyncio.run(most_held()) < 1.2


class LengthOfBody(BodyCounter):
    """Answers with the length of the body, if it is within the budget."""

    def __init__(self) -> None:
        super().__init__()
        routes = [Route("/", self.length, methods=["POST"])]
        self.app = Starlette(routes=routes, middleware=[Middleware(BodyBudget, budget=BUDGET)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    async def length(self, request: Request) -> Response:
        return PlainTextResponse(str(len(await body_of(request, 2 * BUDGET))))


@pytest.fixture
def length_server() -> Iterator[Running]:
    with running(Hasty, LengthOfBody()) as server:
        yield server


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: %d\r\n\r\n" % BUDGET + bytes(BUDGET // 2),
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % BUDGET + bytes(BUDGET // 2),
    ],
    ids=["length", "chunk"],
)
def test_a_late_body_frees_its_room(length_server: Running, sent: bytes):
    (answer,) = length_server.ask(POST + sent)
    check_refusal(answer, 408, TOO_SLOW)
    (answer,) = length_server.ask(POST + b"Content-Length: %d\r\n" % BUDGET + CLOSE, bytes(BUDGET))
    assert (answer.status, answer.body) == (200, b"%d" % BUDGET)


@pytest.mark.parametrize(
    ("length", "status", "body"),
    [
        (SHORT, 200, b"%d" % SHORT),
        (BUDGET // 2, 200, b"%d" % (BUDGET // 2)),
        (BUDGET // 2 + 1, 503, b"too many large bodies at once"),
    ],
)
def test_the_budget_is_for_the_sum_of_all_bodies(
    length_server: Running, length: int, status: int, body: bytes
):
    head = POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (BUDGET // 2)
    with length_server.connect() as other:
        other.sendall(head)
        assert other.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        asked = POST + b"Content-Length: %d\r\n\r\n" % length
        answer, last = length_server.ask(asked, bytes(length), POST + CLOSE)
    assert last.body == b"0"
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers.get("retry-after") == ("1" if status == 503 else None)


def test_a_body_beyond_the_budget_is_read_if_it_has_no_others_beside_it(length_server: Running):
    (answer,) = length_server.ask(POST + b"Content-Length: 2000000\r\n" + CLOSE, bytes(2 * BUDGET))
    assert (answer.status, answer.body) == (200, b"2000000")
