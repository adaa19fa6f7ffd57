"""A server with bounds on requests, in a thread of this process, and its answers."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from serving.limits.http_limits import BoundedHttpProtocol
from tests.support.servers.server import Answer, everything, parsed, wait_for

TOO_LARGE = {"detail": "a request has at most 100 headers, of 65536 bytes with its path"}
TOO_SLOW = {"detail": "a request must arrive within 30 seconds"}
NO_HTTP = {"detail": "this is no HTTP/1.1 request"}
START = b"GET / HTTP/1.1\r\nHost: a\r\n"
CLOSE = b"Connection: close\r\n\r\n"


class Hasty(BoundedHttpProtocol):
    """The protocol of the service with a shorter time-out."""

    seconds = 1.0
    linger_seconds = 0.1


class BodyCounter:
    """Answers with the length of the body; `/late` once it is told to, `/large` with much.

    `/unread` answers without a look at the body, once it is told to.
    """

    def __init__(self) -> None:
        self.release = threading.Event()
        self.seen: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        assert scope["type"] == "http"
        self.seen.append(scope["path"])
        if scope["path"] == "/early":
            await answer(send, b"early", more=True)
        if scope["path"] == "/unread":
            await asyncio.to_thread(self.release.wait, 60)
            await answer(send, b"unread")
            return
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

    def __init__(self, application: BodyCounter, port: int, connections: set) -> None:
        self.application, self.port, self.connections = application, port, connections

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 60)

    def ask(self, *pieces: bytes) -> list[Answer]:
        """Send bytes; the answers until the server closes the connection."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return answers(everything(connection))


def answers(received: bytes) -> list[Answer]:
    found = []
    while received:
        whole = parsed(received)
        length = int(whole.headers["content-length"])
        found.append(Answer(whole.status, whole.headers, whole.body[:length]))
        received = whole.body[length:]
    return found


@contextmanager
def running(
    protocol: type[BoundedHttpProtocol], application: BodyCounter | None = None
) -> Iterator[Running]:
    application = application or BodyCounter()
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


def check_refusal(answer: Answer, status: int, content: dict[str, str]) -> None:
    assert (answer.status, json.loads(answer.body)) == (status, content)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["connection"] == "close"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
