"""Limits on the time of a request to arrive, and of an answer to be read."""

import threading
from contextlib import suppress

import pytest

from tests.serving.bounded_server import (
    CLOSE,
    START,
    TOO_SLOW,
    Hasty,
    Running,
    answers,
    check_refusal,
)
from tests.support.servers.server import everything, parsed, wait_for


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
def test_late_request_is_refused(hasty_server: Running, sent: bytes):
    (answer,) = hasty_server.ask(sent)
    check_refusal(answer, 408, TOO_SLOW)
    first, second = hasty_server.ask(START + b"\r\n" + sent)
    assert first.status == 200
    check_refusal(second, 408, TOO_SLOW)


def test_line_ends_do_not_keep_a_connection_open(hasty_server: Running):
    with hasty_server.connect() as connection:
        connection.sendall(START + b"\r\n")
        first = connection.recv(1 << 16)
        connection.sendall(b"\r\n")
        (second,) = answers(everything(connection))
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    check_refusal(second, 408, TOO_SLOW)


def test_silent_connection_gets_no_answer(hasty_server: Running):
    with hasty_server.connect() as connection, suppress(ConnectionResetError):
        assert everything(connection) == b""


def test_slow_sender_is_not_saved_by_sending_on(hasty_server: Running):
    with hasty_server.connect() as connection:
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


def test_application_is_told_that_no_more_comes(hasty_server: Running):
    hasty_server.ask(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    wait_for(lambda: hasty_server.application.seen == ["/", "disconnected"])


def test_started_answer_is_cut_off(hasty_server: Running):
    """It cannot be replaced by another one."""
    with hasty_server.connect() as connection:
        connection.sendall(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        received = everything(connection)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\nearly")


def test_waiting_time_in_the_service_does_not_count(hasty_server: Running):
    """A request waits behind another one for longer than it might take to arrive."""
    with hasty_server.connect() as connection:
        connection.sendall(b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: hasty_server.application.seen == ["/late"])
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n" + CLOSE)
        sender = threading.Thread(target=connection.sendall, args=(bytes(200_000),))
        sender.start()
        assert not hasty_server.application.release.wait(2 * Hasty.seconds)
        hasty_server.application.release.set()
        first, second = answers(everything(connection))
        sender.join(60)
    assert (first.body, second.body) == (b"0", b"200000")


def test_answer_that_nobody_reads_is_given_up(hasty_server: Running):
    with hasty_server.connect() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: hasty_server.application.seen == ["/large"])
        wait_for(lambda: not hasty_server.connections)
        with suppress(ConnectionResetError):
            assert len(everything(connection)) < 50_000_000


def test_five_hundred_slow_senders_are_gone(hasty_server: Running):
    connections = [hasty_server.connect() for _ in range(500)]
    for connection in connections:
        with suppress(OSError):  # who was connected first may be gone already
            connection.sendall(START)
    wait_for(lambda: not hasty_server.connections)
    told = 0
    for connection in connections:
        with connection, suppress(ConnectionResetError):
            if received := everything(connection):
                check_refusal(parsed(received), 408, TOO_SLOW)
                told += 1
    assert told > 0
    assert hasty_server.ask(START + CLOSE)[0].status == 200
