"""Files that come under a server of which one worker cannot follow: whichever is asked says so."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from credit_scoring.data.artifacts import METADATA_FILE, MODEL_FILE, NEW_FILE, REFERENCE_FILE
from main import create_app
from service.settings import Settings
from serving.worker_registry import WorkerRegistry
from tests.support.folders import another_model
from tests.support.known import agree, heal
from tests.support.server import SELDOM, Server, wait_for

SEVERAL = 16  # connections, more than enough to meet both workers


@pytest.fixture(autouse=True)
def healed(server: Server, folder: Path, sound: Path) -> Iterator[None]:
    """Sound files in both workers, before and afterwards."""
    heal(server, folder, sound)
    yield
    heal(server, folder, sound)


def every(server: Server, path: str) -> list[dict]:
    """What some connections get, each of which either worker may take."""
    return [server.ask_json(path) for _ in range(SEVERAL)]


def test_a_worker_is_known_to_the_others_before_it_answers_anything(sound: Path, tmp_path: Path):
    """Else a server would end whose one worker is killed when nobody has asked the other one."""
    registry = WorkerRegistry(tmp_path)
    create_app(Settings(ressources_dir=sound, request_log=False), registry)
    (known,) = WorkerRegistry(tmp_path).workers()
    assert known["pid"] == os.getpid()
    assert known["refused"] is None
    registry.leave()


def seen_by(pid: int, file: Path) -> Path:
    """A path that leads to a file in one process alone: in no other one does it exist."""
    return Path(f"/proc/self/task/{pid}/root{file}")


def test_worker_that_cannot_follow_says_so_whichever_is_asked(
    server: Server, folder: Path, tmp_path: Path
):
    old = server.ask_json("/model")
    blind, other = server.pids()
    unread = f"{NEW_FILE}: cannot be read: {os.strerror(errno.ENOENT)}"
    another = tmp_path / "another"
    another_model(folder, another)
    seen = tmp_path / "seen"
    seen.symlink_to(seen_by(other, another / NEW_FILE))
    for name in (METADATA_FILE, MODEL_FILE, REFERENCE_FILE):
        (another / name).replace(folder / name)
    seen.replace(folder / NEW_FILE)

    def states() -> dict[int, dict]:
        return {worker["pid"]: worker for worker in server.ask_json("/model")["workers"]}

    def is_split() -> bool:
        found = states()
        return found[blind]["refused"] == unread and found[other]["threshold"] == 0.25

    wait_for(is_split, pause=SELDOM)
    said = states()
    assert said[blind]["sha256"] == old["sha256"]
    assert said[other]["sha256"] != old["sha256"]
    assert said[other]["refused"] is None
    for model in every(server, "/model"):
        assert {worker["pid"]: worker for worker in model["workers"]} == said
    reasons = set()
    for health in every(server, "/health"):
        assert {worker["pid"]: worker for worker in health["workers"]} == said
        reasons.add(health["refused"])
    assert reasons <= {unread, f"by another worker: {unread}"}
    # It follows as soon as it can.
    (another / NEW_FILE).replace(folder / NEW_FILE)
    wait_for(lambda: agree(server, None, said[other]["sha256"][MODEL_FILE]), pause=SELDOM)
    assert server.pids() == [blind, other]
    for health in every(server, "/health"):
        assert health == {"status": "ok", "sha256": said[other]["sha256"][MODEL_FILE]}
