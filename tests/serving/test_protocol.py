"""A request's head is bounded, and so is the time that it may take; every refusal is JSON."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import uvicorn

from serving.protocol import HEAD_BYTES, HEADER_LINES, BoundedHttpProtocol
from tests.support.server import Answer, parsed, wait_for

TOO_LARGE = {"detail": "a request has at most 100 headers, of 65536 bytes with its path"}
TOO_SLOW = {"detail": "a request must arrive within 30 seconds"}
NO_HTTP = {"detail": "this is no HTTP/1.1 request"}
START = b"GET / HTTP/1.1\r\nHost: a\r\n"
CLOSE = b"Connection: close\r\n\r\n"


class Hasty(BoundedHttpProtocol):
    """As the service's, but for less time."""

    seconds = 1.0
    linger_seconds = 0.1


class Application:
    """Answers with the length of the body; `/late` once it is told to, `/large` with much."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.seen: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        assert scope["type"] == "http"
        self.seen.append(scope["path"])
        if scope["path"] == "/early":
            await answer(send, b"early", more=True)
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.seen.append("disconnected")
                return
            size += len(message["body"])
            if not message["more_body"]:
                break
        if scope["path"] == "/late":
            await asyncio.to_thread(self.release.wait, 60)
        await answer(send, bytes(50_000_000) if scope["path"] == "/large" else b"%d" % size)


async def answer(send: Callable, body: bytes, *, more: bool = False) -> None:
    length = [(b"content-length", b"%d" % (len(body) + more))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body, "more_body": more})


class Running:
    """A server in a thread of this process."""

    def __init__(self, application: Application, port: int, connections: set) -> None:
        self.application, self.port, self.connections = application, port, connections

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 60)

    def ask(self, *pieces: bytes) -> list[Answer]:
        """Send bytes; the answers until the server closes the connection."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return answers(everything(connection))


def everything(connection: socket.socket) -> bytes:
    received = bytearray()
    while piece := connection.recv(1 << 16):
        received += piece
    return bytes(received)


def answers(received: bytes) -> list[Answer]:
    found = []
    while received:
        whole = parsed(received)
        length = int(whole.headers["content-length"])
        found.append(Answer(whole.status, whole.headers, whole.body[:length]))
        received = whole.body[length:]
    return found


@contextmanager
def running(protocol: type[BoundedHttpProtocol]) -> Iterator[Running]:
    application = Application()
    config = uvicorn.Config(
        application, port=0, http=protocol, ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Running(application, port, server.server_state.connections)
    finally:
        application.release.set()
        server.should_exit = server.force_exit = True
        thread.join(60)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(BoundedHttpProtocol) as server:
        yield server


@pytest.fixture
def hasty() -> Iterator[Running]:
    with running(Hasty) as server:
        yield server


def check_refusal(answer: Answer, status: int, content: dict[str, str]) -> None:
    assert (answer.status, json.loads(answer.body)) == (status, content)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["connection"] == "close"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def in_pieces(message: bytes, size: int) -> list[bytes]:
    return [message[start : start + size] for start in range(0, len(message), size)]


# How large


@pytest.mark.parametrize("size", [1 << 20, 10_000, 1])
def test_head_of_as_many_bytes_as_there_may_be(server: Running, size: int):
    filler = HEAD_BYTES - len(START + b"X: \r\n" + CLOSE)
    whole = START + b"X: " + b"v" * filler + b"\r\n" + CLOSE
    assert len(whole) == HEAD_BYTES
    (answer,) = server.ask(*in_pieces(whole, size))
    assert (answer.status, answer.body) == (200, b"0")


@pytest.mark.parametrize("size", [1 << 20, 10_000, 100])
@pytest.mark.parametrize(
    "head",
    [
        START + b"X: " + b"v" * HEAD_BYTES + b"\r\n" + CLOSE,
        START + b"X" * HEAD_BYTES + b": v\r\n" + CLOSE,
        START + b"X: " + b"v" * HEAD_BYTES,
        b"GET /" + b"x" * HEAD_BYTES + b" HTTP/1.1\r\n" + CLOSE,
        b"GET /" + b"x" * HEAD_BYTES,
        START + (b"X: " + b"v" * 1_000 + b"\r\n") * 70 + CLOSE,
    ],
    ids=["value", "name", "value without end", "path", "path without end", "70 headers"],
)
def test_head_of_more_bytes(server: Running, head: bytes, size: int):
    (answer,) = server.ask(*in_pieces(head, size))
    check_refusal(answer, 431, TOO_LARGE)


@pytest.mark.parametrize("size", [1 << 20, 7])
def test_headers_by_number(server: Running, size: int):
    lines = [b"X: v\r\n"] * (HEADER_LINES - 2)  # Host and Connection are two
    (answer,) = server.ask(*in_pieces(START + b"".join(lines) + CLOSE, size))
    assert answer.status == 200
    (answer,) = server.ask(*in_pieces(START + b"".join(lines) + b"X: v\r\n" + CLOSE, size))
    check_refusal(answer, 431, TOO_LARGE)


def test_trailers_are_bounded_as_headers_are(server: Running):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
    for trailers in (b"X: v\r\n" * HEADER_LINES, b"X: " + b"v" * 8 * HEAD_BYTES + b"\r\n"):
        for size in (1 << 20, 1_000):
            (answer,) = server.ask(*in_pieces(head + trailers, size))
            check_refusal(answer, 431, TOO_LARGE)
    few = b"X: v\r\n" * 9 + b"\r\n"
    first, second = server.ask(head + few + START + CLOSE)
    assert (first.body, second.body) == (b"3", b"0")


@pytest.mark.parametrize(
    "start", [b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", START]
)
def test_headers_without_end_are_not_read_to_the_end(hasty: Running, start: bytes):
    """What follows the bound is never parsed, nor kept."""
    with hasty.connect() as connection:
        connection.sendall(start + b"0\r\n" * (b"chunked" in start))
        with pytest.raises(OSError, match=r"reset|[Bb]roken"):
            send_for_ever(connection, b"a:\r\n" * 10_000)
    assert hasty.ask(START + CLOSE)[0].status == 200


def send_for_ever(connection: socket.socket, piece: bytes) -> None:
    while True:
        connection.sendall(piece)


def test_chunks_without_content_are_bounded(server: Running):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;"
    (answer,) = server.ask(head, b"x" * 8 * HEAD_BYTES)
    check_refusal(answer, 431, TOO_LARGE)


@pytest.mark.parametrize("size", [1 << 20, 30_000, 1_000])
def test_body_is_not_bounded_here(server: Running, size: int):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n" + CLOSE
    (answer,) = server.ask(*in_pieces(head + bytes(300_000), size))
    assert answer.body == b"300000"
    chunk = b"%x\r\n%b\r\n" % (size, bytes(size))
    chunks = chunk * (300_000 // size) + b"0\r\n\r\n"
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + CLOSE
    (answer,) = server.ask(head, chunks)
    assert answer.body == b"%d" % (300_000 // size * size)


def test_many_requests_over_one_connection(server: Running):
    """Each has its own bounds."""
    request = START + b"X: " + b"v" * 60_000 + b"\r\n\r\n"
    found = server.ask(*[request] * 5, START + CLOSE)
    assert [answer.status for answer in found] == [200] * 6


def test_what_was_asked_before_a_bad_request_is_answered_first(server: Running):
    late = b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(late)
        wait_for(lambda: "/late" in server.application.seen)
        connection.sendall(b"no request\r\n\r\n")
        server.application.release.set()
        first, second = answers(everything(connection))
    server.application.release.clear()
    server.application.seen.clear()
    assert (first.status, first.body) == (200, b"0")
    check_refusal(second, 400, NO_HTTP)


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"no request\r\n\r\n", b"\0" * 10, b"GET / HTTP/9\r\n\r\n"],
)
def test_what_is_no_http(server: Running, sent: bytes):
    (answer,) = server.ask(sent)
    check_refusal(answer, 400, NO_HTTP)


def test_upgrade_is_an_ordinary_request(server: Running):
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Key: a\r\n"
    (answer,) = server.ask(START + upgrade + b"\r\n")
    assert (answer.status, answer.body) == (200, b"0")
    (answer,) = server.ask(START + upgrade + b"X: v\r\n" * HEADER_LINES + b"\r\n")
    check_refusal(answer, 431, TOO_LARGE)


def test_body_is_asked_for_where_the_sender_waits(server: Running):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n" + CLOSE
    with server.connect() as connection:
        connection.sendall(head)
        expected = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert connection.recv(len(expected), socket.MSG_WAITALL) == expected
        connection.sendall(b"abc")
        (answer,) = answers(everything(connection))
    assert answer.body == b"3"


# How long


@pytest.mark.parametrize(
    "sent",
    [
        b"G",
        START,
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
    ],
    ids=["line", "headers", "body", "chunk"],
)
def test_what_does_not_come_in_time(hasty: Running, sent: bytes):
    (answer,) = hasty.ask(sent)
    check_refusal(answer, 408, TOO_SLOW)
    first, second = hasty.ask(START + b"\r\n" + sent)
    assert first.status == 200
    check_refusal(second, 408, TOO_SLOW)


def test_line_ends_alone_keep_no_connection_open(hasty: Running):
    with hasty.connect() as connection:
        connection.sendall(START + b"\r\n")
        first = connection.recv(1 << 16)
        connection.sendall(b"\r\n")
        (second,) = answers(everything(connection))
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    check_refusal(second, 408, TOO_SLOW)


def test_who_never_asks_gets_no_answer(hasty: Running):
    with hasty.connect() as connection, suppress(ConnectionResetError):
        assert everything(connection) == b""


def test_slow_sender_is_not_saved_by_sending_on(hasty: Running):
    with hasty.connect() as connection:
        connection.settimeout(0.01)
        connection.sendall(START)
        received = b""
        while not received:
            connection.sendall(b"X")
            try:
                received = connection.recv(1 << 16)
            except TimeoutError:
                continue
        check_refusal(parsed(received), 408, TOO_SLOW)


def test_application_is_told_that_no_more_comes(hasty: Running):
    hasty.ask(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    wait_for(lambda: hasty.application.seen == ["/", "disconnected"])


def test_answer_that_has_begun_is_cut_off(hasty: Running):
    """It cannot be replaced by another one."""
    with hasty.connect() as connection:
        connection.sendall(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        received = everything(connection)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\nearly")


def test_time_of_the_service_is_not_the_senders(hasty: Running):
    """A request waits behind another one for longer than it might take to arrive."""
    with hasty.connect() as connection:
        connection.sendall(b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: hasty.application.seen == ["/late"])
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n" + CLOSE)
        sender = threading.Thread(target=connection.sendall, args=(bytes(200_000),))
        sender.start()
        assert not hasty.application.release.wait(2 * Hasty.seconds)
        hasty.application.release.set()
        first, second = answers(everything(connection))
        sender.join(60)
    assert (first.body, second.body) == (b"0", b"200000")


def test_answer_that_nobody_reads_is_given_up(hasty: Running):
    with hasty.connect() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: hasty.application.seen == ["/large"])
        wait_for(lambda: not hasty.connections)
        with suppress(ConnectionResetError):
            assert len(everything(connection)) < 50_000_000


def test_five_hundred_slow_senders_are_gone(hasty: Running):
    connections = [hasty.connect() for _ in range(500)]
    for connection in connections:
        with suppress(OSError):  # who was connected first may be gone already
            connection.sendall(START)
    wait_for(lambda: not hasty.connections)
    told = 0
    for connection in connections:
        with connection, suppress(ConnectionResetError):
            if received := everything(connection):
                check_refusal(parsed(received), 408, TOO_SLOW)
                told += 1
    assert told > 0
    assert hasty.ask(START + CLOSE)[0].status == 200
