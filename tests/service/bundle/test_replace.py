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
from tests.service.bundle.broken_files import BROKEN
from tests.service.known_answers import answers, known_answers
from tests.support.bundles.folders import another_model, metadata_of, put, write_metadata
from tests.support.servers.server import SELDOM, Server, wait_for
from tests.support.servers.traffic import (
    Tally,
    caller,
    more_answers,
    request,
)


class ExitingPickle:
    """A pickle that ends the process when it is opened."""

    def __reduce__(self) -> tuple:
        return exec, ("raise SystemExit('why')",)


def write_exiting_pickle(served_folder: Path) -> None:
    joblib.dump(ExitingPickle(), served_folder / MODEL_FILE)
    write_metadata(served_folder)


def healths(server: Server) -> set[tuple[str, str | None]]:
    """Hash and refusal of /health, over enough connections to meet both workers."""
    found = [server.ask_json("/health") for _ in range(16)]
    return {(health["sha256"], health.get("refused")) for health in found}


@pytest.fixture(scope="module")
def known_bodies(restored_server: Server) -> dict[bytes, bytes]:
    """Requests of all kinds, with the response to each for the small bundle."""
    return known_answers(restored_server)


# One of each kind: a half copied file is refused for the reason of a flipped byte. test_pipeline.py
# shows that other errors of a pickle are refused alike.
SAME = {"half copied", "half copied, no hashes"}
KINDS = {name: BROKEN[name] for name in BROKEN if name not in SAME} | {
    "a pickle ends the process": (
        write_exiting_pickle,
        "model.joblib: cannot be unpickled: SystemExit: why",
    )
}


@pytest.mark.parametrize("name", KINDS)
def test_broken_files_are_refused(
    restored_server: Server,
    served_folder: Path,
    small_bundle_folder: Path,
    known_bodies: dict[bytes, bytes],
    name: str,
):
    in_use = metadata_of(small_bundle_folder)["sha256"][MODEL_FILE]
    put(small_bundle_folder, served_folder)
    break_files, problem = KINDS[name]
    before, model = len(restored_server.log()), restored_server.ask_json("/model")
    said = f'"event":"{served_folder}: new files are not taken into use: {problem}'
    times = restored_server.said(said)
    break_files(served_folder)
    wait_for(lambda: restored_server.said(said) == times + 2, pause=SELDOM)  # by each worker
    ((sha256, reason),) = healths(restored_server)
    assert sha256 == in_use
    assert reason.startswith(problem)
    assert uvloop.run(answers(restored_server.port, list(known_bodies))) == known_bodies
    assert restored_server.ask_json("/model") | {"workers": None} == model | {"workers": None}
    assert "Traceback" not in restored_server.log()[before:]
    assert not (served_folder.parent / "sang").exists()


def test_another_model_comes_into_use_without_a_lost_or_mixed_answer(
    restored_server: Server,
    served_folder: Path,
    small_bundle_folder: Path,
    known_bodies: dict[bytes, bytes],
    tmp_path: Path,
):
    """Files that were refused before it do not matter."""
    (served_folder / MODEL_FILE).unlink()
    wait_for(lambda: all(refused for _, refused in healths(restored_server)), pause=SELDOM)
    other = tmp_path / "other"
    another_model(small_bundle_folder, other)
    old = known_bodies
    bodies_by_message: dict[bytes, set[bytes]] = {message: set() for message in old}
    work = [(message, functools.partial(note_body, bodies_by_message[message])) for message in old]
    tally = Tally()

    async def replace() -> dict[bytes, bytes]:
        loaded, pids = restored_server.said('"loaded '), restored_server.pids()
        stop = asyncio.Event()
        ending = itertools.takewhile(lambda _: not stop.is_set(), itertools.cycle(work))
        callers = [
            asyncio.create_task(caller(restored_server.port, ending, tally, pause=0.03))
            for _ in range(4)
        ]
        await more_answers(tally, len(old) + len(callers))
        await asyncio.to_thread(put, other, served_folder)
        await asyncio.to_thread(
            wait_for, lambda: restored_server.said('"loaded ') == loaded + 2, pause=SELDOM
        )
        # The log has the line before the model is in use, which /health shows.
        sha256 = hashlib.sha256((other / MODEL_FILE).read_bytes()).hexdigest()
        await asyncio.to_thread(
            wait_for, lambda: healths(restored_server) == {(sha256, None)}, pause=SELDOM
        )
        await more_answers(tally, len(old) + len(callers))
        stop.set()
        await asyncio.gather(*callers)
        assert restored_server.pids() == pids
        return await answers(restored_server.port, list(old))

    new = uvloop.run(replace())
    same = [message for message in old if old[message] == new[message]]
    assert same == [request("/get_feat")]
    assert tally.statuses.keys() == {200}
    assert all(bodies_by_message[message] <= {old[message], new[message]} for message in old)
    both = [message for message in old if len(bodies_by_message[message]) == 2]
    assert len(both) > len(old) / 2
    put(small_bundle_folder, served_folder)


def note_body(found: set[bytes], body: bytes) -> bool:
    found.add(body)
    return True
