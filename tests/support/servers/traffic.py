"""Requests by the thousand from one process: a client that costs little, so that two cores do."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.servers.server import wait_for

LOST = 0  # the status of a request whose connection ended without an answer


def request(path: str, body: bytes = b"", method: str = "GET") -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: a\r\n{length}\r\n".encode() + body


def questions(get: Callable[[str], Any], clients: int) -> list[bytes]:
    """Requests of all kinds about some clients; `get` gives the JSON of a path."""
    ids = get("/get_ids")["data"]
    feature = get("/get_feat")["data"][-1]
    messages = [
        request("/get_ids"),
        request("/get_feat"),
        request(f"/get_kde?param_name={feature}"),
    ]
    for client_id in ids[:: len(ids) // clients]:
        text = get(f"/get_json?param_name={client_id}")["data"]
        messages += [
            request(f"/get_test?param_name={client_id}"),
            request(f"/get_json?param_name={client_id}"),
            request(f"/get_shap?param_name={client_id}"),
            request("/prediction/", text.encode(), "POST"),
        ]
    return messages


async def drip(port: int, at_once: bytes, slowly: bytes, seconds: float) -> None:
    """Send some bytes at once and then one after the other, with a pause after each."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(at_once)
        for byte in slowly:
            writer.write(bytes([byte]))
            await asyncio.sleep(seconds)
    finally:
        writer.close()


class Connection(asyncio.Protocol):
    """One request at a time over a kept connection."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.wanted = 0  # bytes of the answer; 0 until its head is complete
        self.answer: asyncio.Future[tuple[int, bytes]] | None = None
        self.open = False

    def connection_made(self, transport: Any) -> None:
        self.transport, self.open = transport, True

    def ask(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Status and body; the status is `LOST` if the connection ends before them."""
        self.answer = asyncio.get_running_loop().create_future()
        self.received.clear()
        self.wanted = 0
        self.transport.write(request)
        return self.answer

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.wanted and (end := self.received.find(b"\r\n\r\n")) >= 0:
            self.status = int(self.received[9:12])
            head = bytes(self.received[:end]).lower()
            length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self.body_start = end + 4
            self.wanted = self.body_start + int(length or 0)
        if self.wanted and len(self.received) >= self.wanted and self.answer:
            body = bytes(self.received[self.body_start : self.wanted])
            self.answer.set_result((self.status, body))
            self.answer = None

    def connection_lost(self, _: Exception | None) -> None:
        self.open = False
        if self.answer and not self.answer.done():
            self.answer.set_result((LOST, b""))
            self.answer = None


async def connected(port: int) -> Connection:
    """A connection, tried again for as long as the server refuses."""
    while True:
        try:
            made = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            return made[1]


@dataclass
class Tally:
    """Counts and latencies of answers."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: dict[int, list[float]] = field(default_factory=dict)  # by status
    wrong: int = 0  # answers of 200 that are not the right one

    def add(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.seconds.setdefault(status, []).append(seconds)

    def milliseconds(self, status: int, share: float) -> float:
        """The quantile of the latencies of answers with that status."""
        return 1000 * quantile(self.seconds[status], share)


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


Work = tuple[bytes, Callable[[bytes], bool]]  # a request, and whether a body is its answer


async def caller(port: int, work: Iterator[Work], tally: Tally, pause: float = 0) -> None:
    """Send requests one after the other, over a new connection if the last one ended."""
    connection = await connected(port)
    for message, is_right in work:
        if not connection.open:
            connection = await connected(port)
        began = time.perf_counter()
        status, body = await connection.ask(message)
        tally.add(status, time.perf_counter() - began)
        if status == 200 and not is_right(body):
            tally.wrong += 1
        if pause:
            await asyncio.sleep(pause)
    connection.transport.close()


async def more_answers(tally: Tally, count: int) -> None:
    """Wait until callers have so many more answers."""
    wanted = tally.statuses[200] + count
    await asyncio.to_thread(wait_for, lambda: tally.statuses[200] >= wanted)


@asynccontextmanager
async def running(*coroutines: Any) -> AsyncIterator[None]:
    """Run coroutines beside a block, and end them with it."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
