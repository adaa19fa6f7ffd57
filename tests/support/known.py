"""Requests with their one right answer, for callers who ask them for ever."""

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import uvloop

from tests.support.server import AnyServer, Server
from tests.support.traffic import (
    Work,
    connected,
    questions,
)


def known_answers(server: Server) -> dict[bytes, bytes]:
    """Requests of all kinds about five clients, with their answers."""
    return uvloop.run(answers(server.port, questions(server.ask_json, 5)))


async def answers(port: int, asked: list[bytes]) -> dict[bytes, bytes]:
    connection = await connected(port)
    found = {}
    for message in asked:
        status, body = await connection.ask(message)
        assert status == 200
        found[message] = body
    connection.transport.close()
    return found


def work(known: dict[bytes, bytes]) -> Iterator[Work]:
    """The questions for ever, each with the one answer that is right."""
    return itertools.cycle([(asked, right.__eq__) for asked, right in known.items()])


def get(server: AnyServer, path: str, **options: Any) -> httpx.Response:
    """An answer over a connection of its own, which any worker may take."""
    return httpx.get(server.url + path, timeout=120, verify=False, **options)
