"""Requests with their one right answer, for callers who ask them for ever."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import uvloop

from credit_scoring.data.artifacts import MODEL_FILE
from tests.support.folders import metadata_of, put
from tests.support.server import SELDOM, AnyServer, Server, wait_for
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


def agree(server: Server, refused: str | None, sha256: str) -> bool:
    """Whether all workers have that model, and say that of the files in the folder."""
    workers = server.ask_json("/model")["workers"]
    return len(workers) == 2 and all(
        worker["sha256"][MODEL_FILE] == sha256
        and (worker["refused"] or "").startswith(refused or "")
        and bool(worker["refused"]) == bool(refused)
        for worker in workers
    )


def heal(server: Server, folder: Path, sound: Path) -> None:
    """Put sound files back, unless both workers have them in use."""
    sha256 = metadata_of(sound)["sha256"][MODEL_FILE]
    if not agree(server, None, sha256):
        put(sound, folder)
        wait_for(lambda: agree(server, None, sha256), pause=SELDOM)


def get(server: AnyServer, path: str, **options: Any) -> httpx.Response:
    """An answer over a connection of its own, which any worker may take."""
    return httpx.get(server.url + path, timeout=120, verify=False, **options)
