"""Callers of a service with a register, and the register's content afterwards."""

import asyncio
import json
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select

from register.commands.migrate import migrate
from register.database.opening import open_database
from register.tables import schema
from tests.support.registers.postgresql import Cluster
from tests.support.servers.processes import ROOT, inherited
from tests.support.servers.server import RESSOURCES, Server, wait_for
from tests.support.servers.traffic import LOST, Connection, connected, quantile

CALLERS = 8
CREATED, AWAY = 201, 503
PEPPER = "a pepper of experiments"
AGAIN = 0.02  # seconds before a call is sent again


def posted(path: str, body: bytes, key: str | None = None) -> bytes:
    """A POST request."""
    header = f"Idempotency-Key: {key}\r\n" if key else ""
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\n{header}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@dataclass
class Calls:
    """The answers that callers received.

    Attributes:
        acknowledged: the recorded answer, by Idempotency-Key.
        answered: time, status, seconds and header of each answer.
        ended: true if callers send nothing more.
        name: the beginning of each key.
    """

    acknowledged: dict[str, Any] = field(default_factory=dict)
    answered: list[tuple[float, int, float, bytes]] = field(default_factory=list)
    ended: bool = False
    name: str = field(default_factory=lambda: secrets.token_hex(4))

    def between(self, begin: float, end: float) -> "Calls":
        """The answers of some time on the monotonic clock."""
        return Calls(answered=[one for one in self.answered if begin <= one[0] < end])

    def statuses(self) -> Counter[int]:
        """The number of answers of each status."""
        return Counter(status for _, status, _, _ in self.answered)

    def seconds(self, status: int) -> list[float]:
        """How long the answers of a status took."""
        return [seconds for _, found, seconds, _ in self.answered if found == status]

    def retry_after(self) -> bool:
        """True if each 503 has the header Retry-After."""
        heads = [head for _, status, _, head in self.answered if status == AWAY]
        return all(b"\r\nretry-after: " in head.lower() for head in heads)


async def record(port: int, clients: Sequence[Any], calls: Calls, name: str) -> None:
    """Record decisions one after the other, each with a key, and again until it is recorded."""
    connection = await connected(port)
    for number, client in zip(count(), cycle(clients), strict=False):
        key = f"{calls.name}-{name}-{number}"
        message = posted("/decisions", json.dumps({"client": client}).encode(), key)
        while key not in calls.acknowledged:
            if calls.ended:
                connection.transport.close()
                return
            connection, body = await answer(connection, port, message, calls)
            if calls.answered[-1][1] == CREATED:
                calls.acknowledged[key] = json.loads(body)
            else:
                await asyncio.sleep(AGAIN)


async def ask(port: int, message: bytes, calls: Calls, pause: float = 0.02) -> None:
    """Send one request again and again."""
    connection = await connected(port)
    while not calls.ended:
        connection, _ = await answer(connection, port, message, calls)
        await asyncio.sleep(pause)
    connection.transport.close()


@asynccontextmanager
async def calling(
    calls: Sequence[Calls], *callers: Coroutine[Any, Any, None]
) -> AsyncIterator[None]:
    """Let callers call while the block runs, and wait for their last answers."""
    tasks = [asyncio.create_task(caller) for caller in callers]
    try:
        yield
    finally:
        for one in calls:
            one.ended = True
        await asyncio.gather(*tasks)


async def answer(
    connection: Connection, port: int, message: bytes, calls: Calls
) -> tuple[Connection, bytes]:
    """Send a request; the connection, a new one if it was closed, and the body."""
    if not connection.open:
        connection = await connected(port)
    began = time.perf_counter()
    status, body = await connection.ask(message)
    head = bytes(connection.received).partition(b"\r\n\r\n")[0] if status != LOST else b""
    calls.answered.append((time.monotonic(), status, time.perf_counter() - began, head))
    return connection, body


@asynccontextmanager
async def recording(server: Server, calls: Calls, callers: int = CALLERS) -> AsyncIterator[None]:
    """Callers record decisions while the block runs."""
    clients = server.ask_json("/get_ids")["data"]
    tasks = [
        record(server.port, clients[number::callers], calls, f"caller-{number}")
        for number in range(callers)
    ]
    async with calling([calls], *tasks):
        yield


async def more(calls: Calls, number: int) -> None:
    """Wait until so many more calls are acknowledged."""
    wanted = len(calls.acknowledged) + number
    await asyncio.to_thread(wait_for, lambda: len(calls.acknowledged) >= wanted)


@contextmanager
def service(url: str, folder: Path = RESSOURCES, **settings: str) -> Iterator[Server]:
    """The service with two workers, both of which record."""
    with Server(
        folder, REQUEST_LOG="0", REGISTER_URL=url, REGISTER_PEPPER=PEPPER, **settings
    ) as server:
        wait_for(lambda: is_recording(server))
        yield server


def is_recording(server: Server) -> bool:
    """True if ten decisions in a row are recorded, over connections of their own."""
    client = server.ask_json("/get_ids")["data"][0]
    url = server.url + "/decisions"
    return all(
        httpx.post(url, json={"client": client}, timeout=60).status_code == CREATED
        for _ in range(10)
    )


def migrated(url: str) -> str:
    """A URL, whose register has tables now."""
    with closing(open_database(url)) as database:
        list(migrate(database))
    return url


@contextmanager
def registers(scratch: Path) -> Iterator[list[tuple[str, str, Cluster | None]]]:
    """The name and URL of a register in each database, and the server of the second one."""
    with Cluster(durable=True) as cluster:
        yield [
            ("SQLite", migrated(f"sqlite:///{scratch}/register.db"), None),
            ("PostgreSQL", migrated(cluster.url(cluster.database())), cluster),
        ]


@dataclass(frozen=True)
class Found:
    """A comparison of a register with the answers that callers received.

    Attributes:
        acknowledged: calls that were answered with 201.
        missing: those whose decision is not there, or not the only one of its key.
        recorded: calls with a key in the register, with those whose answer was lost.
        twice: decisions that were recorded meanwhile and that no key names.
        verified: the last line of `verify`.
    """

    acknowledged: int
    missing: int
    recorded: int
    twice: int
    verified: str

    def __str__(self) -> str:
        """In words."""
        return (
            f"{self.acknowledged} acknowledged, {self.missing} of them missing;"
            f" {self.recorded} recorded, {self.twice} twice; verify: {self.verified}"
        )


def found(url: str, calls: Calls, without_key: int) -> Found:
    """Compare a register with what callers were answered.

    Args:
        url: the register's.
        calls: the answers.
        without_key: decisions that were recorded before the calls.
    """
    with closing(open_database(url)) as database, database.reading(60) as connection:
        decisions = set(connection.scalars(select(schema.decision.c.id)))
        evidence = set(connection.scalars(select(schema.evidence.c.decision)))
        columns = select(schema.idempotency.c.key, schema.idempotency.c.decisions)
        rows = connection.execute(columns)
        keys = {key: decision for key, decision in rows if key.startswith(calls.name)}
    missing = [
        key
        for key, body in calls.acknowledged.items()
        if keys.get(key) != UUID(body["id"]).bytes or not {UUID(body["id"])} <= decisions & evidence
    ]
    return Found(
        acknowledged=len(calls.acknowledged),
        missing=len(missing),
        recorded=len(keys),
        twice=len(decisions) - len(keys) - without_key,
        verified=verified(url),
    )


def recorded_now(url: str) -> int:
    """The number of decisions."""
    with closing(open_database(url)) as database, database.reading(60) as connection:
        return len(connection.scalars(select(schema.decision.c.id)).all())


def verified(url: str) -> str:
    """The exit code and the last line of `verify`."""
    command = [sys.executable, "-m", "register", "verify"]
    environment = inherited() | {"REGISTER_URL": url, "REGISTER_PEPPER": PEPPER}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return f"{(done.stdout + done.stderr).splitlines()[-1]} (exit {done.returncode})"


def milliseconds(seconds: Sequence[float], share: float) -> str:
    """A quantile, in words."""
    return f"{1000 * quantile(seconds, share):.0f} ms" if seconds else "-"
