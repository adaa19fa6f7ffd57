"""Limits on the head of a request; every refusal is JSON."""

import socket

import pytest

from serving.limits.http_limits import HEAD_BYTES, HEADER_LINES, BoundedHttpProtocol
from tests.serving.bounded_server import (
    CLOSE,
    NO_HTTP,
    START,
    TOO_LARGE,
    Running,
    answers,
    check_refusal,
)
from tests.support.servers.server import everything, wait_for


def in_pieces(message: bytes, size: int) -> list[bytes]:
    return [message[start : start + size] for start in range(0, len(message), size)]


def byte_by_byte(message: bytes) -> list[bytes]:
    """The first and last 200 bytes one by one; between them one letter, by the thousand."""
    first, same, last = message[:200], message[200:-200], message[-200:]
    return in_pieces(first, 1) + in_pieces(same, 1_000) + in_pieces(last, 1)


@pytest.mark.parametrize("size", [1 << 20, 10_000, 1])
def test_head_of_the_largest_length_is_accepted(server: Running, size: int):
    filler = HEAD_BYTES - len(START + b"X: \r\n" + CLOSE)
    request = START + b"X: " + b"v" * filler + b"\r\n" + CLOSE
    assert len(request) == HEAD_BYTES
    pieces = in_pieces(request, size) if size > 1 else byte_by_byte(request)
    (answer,) = server.ask(*pieces)
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
def test_longer_head_is_refused(server: Running, head: bytes, size: int):
    (answer,) = server.ask(*in_pieces(head, size))
    check_refusal(answer, 431, TOO_LARGE)


@pytest.mark.parametrize("size", [1 << 20, 7])
def test_number_of_headers_is_limited(server: Running, size: int):
    lines = [b"X: v\r\n"] * (HEADER_LINES - 2)  # Host and Connection are two
    (answer,) = server.ask(*in_pieces(START + b"".join(lines) + CLOSE, size))
    assert answer.status == 200
    (answer,) = server.ask(*in_pieces(START + b"".join(lines) + b"X: v\r\n" + CLOSE, size))
    check_refusal(answer, 431, TOO_LARGE)


def test_trailers_are_limited_as_headers_are(server: Running):
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
def test_headers_without_end_are_not_read_to_the_end(hasty_server: Running, start: bytes):
    """The bytes beyond the limit are neither parsed nor kept."""
    with hasty_server.connect() as connection:
        connection.sendall(start + b"0\r\n" * (b"chunked" in start))
        with pytest.raises(OSError, match=r"reset|[Bb]roken"):
            send_for_ever(connection, b"a:\r\n" * 10_000)
    assert hasty_server.ask(START + CLOSE)[0].status == 200


def send_for_ever(connection: socket.socket, piece: bytes) -> None:
    while True:
        connection.sendall(piece)


def test_chunks_without_content_are_limited(server: Running):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;"
    (answer,) = server.ask(head, b"x" * 8 * HEAD_BYTES)
    check_refusal(answer, 431, TOO_LARGE)


@pytest.mark.parametrize("size", [1 << 20, 30_000, 1_000])
def test_body_is_not_limited_here(server: Running, size: int):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n" + CLOSE
    (answer,) = server.ask(*in_pieces(head + bytes(300_000), size))
    assert answer.body == b"300000"
    chunk = b"%x\r\n%b\r\n" % (size, bytes(size))
    chunks = chunk * (300_000 // size) + b"0\r\n\r\n"
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + CLOSE
    (answer,) = server.ask(head, chunks)
    assert answer.body == b"%d" % (300_000 // size * size)


def test_many_requests_over_one_connection_are_answered(server: Running):
    """The limits apply to each request."""
    request = START + b"X: " + b"v" * 60_000 + b"\r\n\r\n"
    found = server.ask(*[request] * 5, START + CLOSE)
    assert [answer.status for answer in found] == [200] * 6


def test_request_before_a_bad_one_is_answered_first(server: Running):
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
def test_bytes_that_are_not_http_are_refused(server: Running, sent: bytes):
    (answer,) = server.ask(sent)
    check_refusal(answer, 400, NO_HTTP)


def test_upgrade_is_an_ordinary_request(server: Running):
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Key: a\r\n"
    (answer,) = server.ask(START + upgrade + b"\r\n")
    assert (answer.status, answer.body) == (200, b"0")
    (answer,) = server.ask(START + upgrade + b"X: v\r\n" * HEADER_LINES + b"\r\n")
    check_refusal(answer, 431, TOO_LARGE)


def test_body_is_asked_for_if_the_sender_waits(server: Running):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n" + CLOSE
    with server.connect() as connection:
        connection.sendall(head)
        expected = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert connection.recv(len(expected), socket.MSG_WAITALL) == expected
        connection.sendall(b"abc")
        (answer,) = answers(everything(connection))
    assert answer.body == b"3"


def test_bytes_that_nobody_reads_are_not_kept_beyond_the_answer(server: Running):
    with server.connect() as connection:
        connection.sendall(b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n")
        connection.sendall(bytes(200_000))
        wait_for(lambda: "/unread" in server.application.seen)
        protocol = wait_for(lambda: next(filter(has_body, list(server.connections)), None))
        server.application.release.set()
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK\r\n")
        wait_for(lambda: not protocol.cycle.body, seconds=30)
        connection.sendall(bytes(100_000) + START + CLOSE)
        assert everything(connection).endswith(b"\r\n\r\n0")
        assert not protocol.cycle.body
    server.application.release.clear()
    server.application.seen.clear()


def has_body(connection: BoundedHttpProtocol) -> bool:
    """True if a connection holds bytes of a body."""
    return connection.cycle is not None and len(connection.cycle.body) > HEAD_BYTES
