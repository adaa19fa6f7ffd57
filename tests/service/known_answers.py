"""Requests with their one right answer, and workers that agree on a model."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import uvloop

from credit_scoring.data.artifacts import MODEL_FILE
from tests.support.bundles.folders import metadata_of, put
from tests.support.servers.server import SELDOM, Server, wait_for
from tests.support.servers.traffic import (
    Work,
    connected,
    questions,
)


def known_answers(server: Server) -> dict[bytes, bytes]:
    """Requests of all kinds about five clients, with their answers."""
    return uvloop.run(answers(server.port, questions(server.ask_json, 5)))


async def answers(port: int, messages: list[bytes]) -> dict[bytes, bytes]:
    connection = await connected(port)
    found = {}
    for message in messages:
        status, body = await connection.ask(message)
        assert status == 200
        found[message] = body
    connection.transport.close()
    return found


def work(known: dict[bytes, bytes]) -> Iterator[Work]:
    """The requests for ever, each with a check of its one right answer."""
    return itertools.cycle([(message, right.__eq__) for message, right in known.items()])


def agree(server: Server, refused: str | None, sha256: str) -> bool:
    """Whether both workers have a model in use, and report the refusal of new files."""
    workers = server.ask_json("/model")["workers"]
    return len(workers) == 2 and all(
        worker["sha256"].get(MODEL_FILE) == sha256
        and (worker["refused"] or "").startswith(refused or "")
        and bool(worker["refused"]) == bool(refused)
        for worker in workers
    )


def heal(server: Server, folder: Path, small_bundle_folder: Path) -> None:
    """Put the small bundle back, unless both workers have it in use."""
    sha256 = metadata_of(small_bundle_folder)["sha256"][MODEL_FILE]
    if not agree(server, None, sha256):
        put(small_bundle_folder, folder)
        wait_for(lambda: agree(server, None, sha256), pause=SELDOM)
