"""Large bodies of several callers at once: a worker holds some of them and refuses the others."""

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.servers.forks import Forks
from tests.support.servers.server import HOST, MB, SELDOM, Answer, Server, parsed, wait_for

LARGE = 20_000_000  # bytes, as many as /score takes
FITTING = 3  # of these in the budget of 64 MB
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BUSY = {"detail": "too many large bodies at once"}
TOO_LARGE = {"detail": f"the body is larger than the {LARGE} bytes accepted"}
KNOWN = f"Content-Length: {LARGE}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"


@pytest.fixture(scope="module")
def server(small_bundle_folder: Path, forks: Forks) -> Iterator[Server]:
    """One worker that has found the peers."""
    with Server(small_bundle_folder, workers=1, begin=forks.begin) as server:
        wait_for(lambda: server.get("/importance").status_code == 200, pause=SELDOM)
        yield server


Begin = Callable[..., socket.socket]


@pytest.fixture
def request_opener(server: Server) -> Iterator[Begin]:
    """Sends the head of a request to /score, and gives the connection."""
    with contextlib.ExitStack() as connections:

        def request_opener(headers: str, sent: bytes = b"") -> socket.socket:
            connection = connections.enter_context(socket.create_connection((HOST, server.port)))
            connection.settimeout(60)
            connection.sendall(f"POST /score HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode() + sent)
            return connection

        yield request_opener


def admitted(request_opener: Begin) -> socket.socket:
    """A request whose large body the service waits for."""
    connection = request_opener(f"{KNOWN}Expect: 100-continue\r\n")
    assert connection.recv(len(CONTINUE), socket.MSG_WAITALL) == CONTINUE
    return connection


def answer_on(connection: socket.socket) -> Answer:
    """The answer of a request, however many bytes of its body are sent."""
    received = b""
    while b"}" not in received:
        piece = connection.recv(1 << 16)
        assert piece, received
        received += piece
    return parsed(received)


def check_busy(answer: Answer) -> None:
    assert (answer.status, answer.json()) == (503, BUSY)
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["cache-control"] == "no-store"


def one_client(server: Server, length: int) -> httpx.Response:
    """The answer to a list of one client, in a body of some length."""
    client_id = server.ask_json("/get_ids")["data"][0]
    body = json.dumps([{"client": client_id}]).encode().ljust(length)
    return httpx.post(f"{server.url}/score", content=body, timeout=120, verify=False)


def check_budget_is_free(request_opener: Begin) -> None:
    """As many large bodies as fit are admitted, once the service knows that others ended."""

    def begun() -> bool:
        connection = request_opener(f"{KNOWN}Expect: 100-continue\r\n")
        if connection.recv(len(CONTINUE), socket.MSG_WAITALL) == CONTINUE:
            return True
        connection.close()
        return False

    for _ in range(FITTING):
        wait_for(begun, seconds=60)


def test_a_large_body_beyond_the_budget_is_refused_before_it_is_read(
    server: Server, request_opener: Begin
):
    for _ in range(FITTING):
        admitted(request_opener)
    check_busy(answer_on(request_opener(KNOWN)))
    check_busy(answer_on(request_opener(f"{KNOWN}Expect: 100-continue\r\n")))
    check_busy(
        answer_on(request_opener(CHUNKED, b"%x\r\n%b\r\n" % (LARGE // 2, bytes(LARGE // 2))))
    )
    assert one_client(server, 65_536).status_code == 200


def test_half_sent_bodies_take_no_more_memory_than_the_budget(
    server: Server, request_opener: Begin
):
    before = server.memory().now
    callers = [admitted(request_opener) for _ in range(FITTING)]
    callers += [request_opener(KNOWN) for _ in range(12)]
    for caller in callers:
        caller.sendall(bytes(LARGE - 1))
    for refused in callers[FITTING:]:
        check_busy(answer_on(refused))
    wait_for(lambda: server.memory().now > before + (FITTING - 1) * LARGE)
    assert server.memory().peak < before + FITTING * LARGE + 40 * MB
    for caller in callers:
        caller.close()
    wait_for(lambda: server.memory().now < before + 30 * MB)


def test_a_closed_connection_leaves_room_for_another_body(server: Server, request_opener: Begin):
    first, *_ = [admitted(request_opener) for _ in range(FITTING)]
    first.sendall(bytes(1_000_000))
    assert one_client(server, LARGE).status_code == 503
    first.close()
    wait_for(lambda: one_client(server, LARGE).status_code == 200)


@pytest.mark.parametrize(
    ("headers", "length", "status"),
    [(KNOWN, LARGE, 422), (f"Content-Length: {LARGE + 1}\r\n", LARGE + 1, 413)],
)
def test_a_refused_body_leaves_room_for_others(
    request_opener: Begin, headers: str, length: int, status: int
):
    for _ in range(FITTING + 1):
        assert answer_on(request_opener(headers, b"x" * length)).status == status
    check_budget_is_free(request_opener)


def test_a_refused_body_in_chunks_leaves_room_for_others(request_opener: Begin):
    chunk = b"%x\r\n%b\r\n" % (LARGE + 1, bytes(LARGE + 1))
    for _ in range(FITTING + 1):
        answer = answer_on(request_opener(CHUNKED, chunk))
        assert (answer.status, answer.json()) == (413, TOO_LARGE)
    check_budget_is_free(request_opener)


def test_large_lists_are_scored_one_after_the_other(server: Server):
    answers = [one_client(server, LARGE) for _ in range(FITTING + 1)]
    assert [answer.status_code for answer in answers] == [200] * (FITTING + 1)
    assert {answer.content for answer in answers} == {one_client(server, 100).content}
