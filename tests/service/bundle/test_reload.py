"""New files that one of two workers cannot read: either worker reports it."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from credit_scoring.data.artifacts import METADATA_FILE, MODEL_FILE, NEW_FILE, REFERENCE_FILE
from main import create_app
from service.settings import Settings
from serving.workers.worker_registry import WorkerRegistry
from tests.service.known_answers import agree, heal
from tests.support.bundles.folders import another_model
from tests.support.servers.server import SELDOM, Server, wait_for

SEVERAL = 16  # connections, more than enough to meet both workers


@pytest.fixture(autouse=True)
def healthy_server(
    server: Server, served_folder: Path, small_bundle_folder: Path
) -> Iterator[None]:
    """The small bundle in both workers, before and after a test."""
    heal(server, served_folder, small_bundle_folder)
    yield
    heal(server, served_folder, small_bundle_folder)


def every(server: Server, path: str) -> list[dict]:
    """Answers over several connections, each of which either worker may take."""
    return [server.ask_json(path) for _ in range(SEVERAL)]


def test_a_worker_is_known_to_the_others_before_it_answers_anything(
    small_bundle_folder: Path, tmp_path: Path
):
    """Otherwise a server would end if one worker is killed before a request to the other."""
    registry = WorkerRegistry(tmp_path)
    create_app(Settings(ressources_dir=small_bundle_folder, request_log=False), registry)
    (known,) = WorkerRegistry(tmp_path).workers()
    assert known["pid"] == os.getpid()
    assert known["refused"] is None
    registry.leave()


def seen_by(pid: int, file: Path) -> Path:
    """A path to a file that exists for one process only."""
    return Path(f"/proc/self/task/{pid}/root{file}")


def test_a_worker_that_cannot_read_new_files_is_reported_by_both(
    server: Server, served_folder: Path, tmp_path: Path
):
    old = server.ask_json("/model")
    blind, other = server.pids()
    unread = f"{NEW_FILE}: cannot be read: {os.strerror(errno.ENOENT)}"
    another = tmp_path / "another"
    another_model(served_folder, another)
    seen = tmp_path / "seen"
    seen.symlink_to(seen_by(other, another / NEW_FILE))
    for name in (METADATA_FILE, MODEL_FILE, REFERENCE_FILE):
        (another / name).replace(served_folder / name)
    seen.replace(served_folder / NEW_FILE)

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
    # It reads them as soon as it can.
    (another / NEW_FILE).replace(served_folder / NEW_FILE)
    wait_for(lambda: agree(server, None, said[other]["sha256"][MODEL_FILE]), pause=SELDOM)
    assert server.pids() == [blind, other]
    for health in every(server, "/health"):
        assert health == {"status": "ok", "sha256": said[other]["sha256"][MODEL_FILE]}
