"""Files replaced under a running server."""

import asyncio
import functools
import hashlib
import itertools
from pathlib import Path

import joblib
import pytest
import uvloop

from credit_scoring.data.artifacts import MODEL_FILE
from tests.support.folders import BROKEN, another_model, metadata_of, put, write_metadata
from tests.support.known import answers, known_answers
from tests.support.server import SELDOM, Server, wait_for
from tests.support.traffic import (
    Tally,
    caller,
    more_answers,
    request,
)


class Leaving:
    """Opened as a pickle, it ends the process."""

    def __reduce__(self) -> tuple:
        return exec, ("raise SystemExit('why')",)


def leaving(folder: Path) -> None:
    joblib.dump(Leaving(), folder / MODEL_FILE)
    write_metadata(folder)


def healths(server: Server) -> set[tuple[str, str | None]]:
    """Hash and refusal that some connections find, more than enough to meet both workers."""
    found = [server.ask_json("/health") for _ in range(16)]
    return {(health["sha256"], health.get("refused")) for health in found}


@pytest.fixture(scope="module")
def known(replaced: Server) -> dict[bytes, bytes]:
    """What the sound files are answered with."""
    return known_answers(replaced)


# One of each kind: what is half copied is refused for the reason that a flipped byte is. Of what
# else a pickle may raise, test_files.py shows that it is refused alike.
SAME = {"half copied", "half copied, no hashes"}
KINDS = {name: BROKEN[name] for name in BROKEN if name not in SAME} | {
    "a pickle ends the process": (leaving, "model.joblib: cannot be unpickled: SystemExit: why")
}


@pytest.mark.parametrize("name", KINDS)
def test_broken_files_are_refused(
    replaced: Server, folder: Path, sound: Path, known: dict[bytes, bytes], name: str
):
    in_use = metadata_of(sound)["sha256"][MODEL_FILE]
    put(sound, folder)
    spoil, problem = KINDS[name]
    before, model = len(replaced.log()), replaced.ask_json("/model")
    said = f'"event":"{folder}: new files are not taken into use: {problem}'
    times = replaced.said(said)
    spoil(folder)
    wait_for(lambda: replaced.said(said) == times + 2, pause=SELDOM)  # by each worker
    ((sha256, reason),) = healths(replaced)
    assert sha256 == in_use
    assert reason.startswith(problem)
    assert uvloop.run(answers(replaced.port, list(known))) == known
    assert replaced.ask_json("/model") | {"workers": None} == model | {"workers": None}
    assert "Traceback" not in replaced.log()[before:]
    assert not (folder.parent / "sang").exists()


def test_another_model_comes_into_use_without_a_lost_or_mixed_answer(
    replaced: Server, folder: Path, sound: Path, known: dict[bytes, bytes], tmp_path: Path
):
    """Files that are refused before it do not stand in its way."""
    (folder / MODEL_FILE).unlink()
    wait_for(lambda: all(refused for _, refused in healths(replaced)), pause=SELDOM)
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
        await asyncio.to_thread(
            wait_for, lambda: replaced.said('"loaded ') == loaded + 2, pause=SELDOM
        )
        # Said before it is taken into use: /health tells of that.
        sha256 = hashlib.sha256((other / MODEL_FILE).read_bytes()).hexdigest()
        await asyncio.to_thread(
            wait_for, lambda: healths(replaced) == {(sha256, None)}, pause=SELDOM
        )
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
