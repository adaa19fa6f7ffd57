"""Files replaced under a running server."""

import asyncio
import functools
import hashlib
import itertools
from pathlib import Path

import pytest
import uvloop

from credit_scoring.files import MODEL_FILE
from tests.support.folders import BROKEN, another_model, metadata_of, put
from tests.support.known import answers, known_answers
from tests.support.server import Server, wait_for
from tests.support.traffic import (
    Tally,
    caller,
    more_answers,
    request,
)


def healths(server: Server) -> set[tuple[str, str | None]]:
    """Hash and refusal that some connections find, more than enough to meet both workers."""
    found = [server.ask_json("/health") for _ in range(16)]
    return {(health["sha256"], health.get("refused")) for health in found}


@pytest.fixture(scope="module")
def known(replaced: Server) -> dict[bytes, bytes]:
    """What the sound files are answered with."""
    return known_answers(replaced)


# One of each kind: what is half copied is refused for the reason that a flipped byte is.
SAME = {"half copied", "half copied, no hashes"}


@pytest.mark.parametrize("name", [name for name in BROKEN if name not in SAME])
def test_broken_files_are_refused(
    replaced: Server, folder: Path, sound: Path, known: dict[bytes, bytes], name: str
):
    in_use = metadata_of(sound)["sha256"][MODEL_FILE]
    put(sound, folder)
    spoil, problem = BROKEN[name]
    said = f'"event":"{folder}: new files are not taken into use: {problem}'
    before = replaced.said(said)
    spoil(folder)
    wait_for(lambda: replaced.said(said) == before + 2)  # by each worker
    ((sha256, reason),) = healths(replaced)
    assert sha256 == in_use
    assert reason.startswith(problem)
    assert uvloop.run(answers(replaced.port, list(known))) == known
    assert not (folder.parent / "sang").exists()


def test_sound_files_heal(replaced: Server, folder: Path, sound: Path):
    put(sound, folder)
    in_use = metadata_of(sound)["sha256"][MODEL_FILE]
    wait_for(lambda: healths(replaced) == {(in_use, None)}, pause=0.3)


def test_another_model_comes_into_use_without_a_lost_or_mixed_answer(
    replaced: Server, folder: Path, sound: Path, known: dict[bytes, bytes], tmp_path: Path
):
    other = tmp_path / "other"
    another_model(sound, other)
    old = known
    given: dict[bytes, set[bytes]] = {asked: set() for asked in old}
    kept = [(asked, functools.partial(keep, given[asked])) for asked in old]
    tally = Tally()

    async def replace() -> dict[bytes, bytes]:
        loaded, pids = replaced.said('"loaded '), replaced.pids()
        stop = asyncio.Event()
        ending = itertools.takewhile(lambda _: not stop.is_set(), itertools.cycle(kept))
        callers = [
            asyncio.create_task(caller(replaced.port, ending, tally, pause=0.03)) for _ in range(4)
        ]
        await more_answers(tally, len(old) + len(callers))
        await asyncio.to_thread(put, other, folder)
        await asyncio.to_thread(wait_for, lambda: replaced.said('"loaded ') == loaded + 2)
        # Said before it is taken into use: /health tells of that.
        sha256 = hashlib.sha256((other / MODEL_FILE).read_bytes()).hexdigest()
        await asyncio.to_thread(wait_for, lambda: healths(replaced) == {(sha256, None)}, pause=0.3)
        await more_answers(tally, len(old) + len(callers))
        stop.set()
        await asyncio.gather(*callers)
        assert replaced.pids() == pids
        return await answers(replaced.port, list(old))

    new = uvloop.run(replace())
    same = [asked for asked in old if old[asked] == new[asked]]
    assert same == [request("/get_feat")]
    assert tally.statuses.keys() == {200}
    assert all(given[asked] <= {old[asked], new[asked]} for asked in old)
    both = [asked for asked in old if len(given[asked]) == 2]
    assert len(both) > len(old) / 2
    put(sound, folder)


def keep(found: set[bytes], body: bytes) -> bool:
    found.add(body)
    return True
