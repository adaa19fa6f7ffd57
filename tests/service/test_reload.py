"""Files that come under a server of which one worker cannot follow: whichever is asked says so."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from credit_scoring.files import ID, MODEL_FILE, NEW_FILE
from main import Settings, create_app
from serving.registry import WorkerRegistry
from tests.support.folders import another_model, put, write_metadata
from tests.support.known import agree, heal
from tests.support.server import Server, wait_for

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


def larger(folder: Path, out: Path) -> None:
    """Another model, of so many clients that they need much more memory."""
    another_model(folder, out)
    header, *rows = (out / NEW_FILE).read_text().splitlines()
    assert header.startswith(f",{ID},")
    values = [row.split(",", 2)[2] for row in rows]
    many = [f"{n},{n + 1},{row}" for n, row in enumerate(values * 600)]
    (out / NEW_FILE).write_text("\n".join([header, *many, ""]))
    write_metadata(out, threshold=0.25)


def test_worker_that_cannot_follow_says_so_whichever_is_asked(
    server: Server, folder: Path, tmp_path: Path
):
    old = server.ask_json("/model")
    larger(folder, tmp_path / "larger")
    limited, other = server.pids()
    used = server_memory(limited)
    resource.prlimit(limited, resource.RLIMIT_AS, (used + (10 << 20), resource.RLIM_INFINITY))
    put(tmp_path / "larger", folder)

    def states() -> dict[int, dict]:
        return {worker["pid"]: worker for worker in server.ask_json("/model")["workers"]}

    def is_split() -> bool:
        found = states()
        return bool(found[limited]["refused"]) and found[other]["threshold"] == 0.25

    wait_for(is_split, pause=0.3)
    said = states()
    assert said[limited]["sha256"] == old["sha256"]
    assert said[other]["sha256"] != old["sha256"]
    assert said[other]["refused"] is None
    for model in every(server, "/model"):
        assert {worker["pid"]: worker for worker in model["workers"]} == said
    reasons = set()
    for health in every(server, "/health"):
        assert {worker["pid"]: worker for worker in health["workers"]} == said
        reasons.add(health["refused"])
    assert reasons <= {said[limited]["refused"], f"by another worker: {said[limited]['refused']}"}
    # It follows as soon as it can.
    resource.prlimit(limited, resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
    (folder / NEW_FILE).touch()
    wait_for(lambda: agree(server, None, said[other]["sha256"][MODEL_FILE]), pause=0.3)
    assert server.pids() == [limited, other]
    for health in every(server, "/health"):
        assert health == {"status": "ok", "sha256": said[other]["sha256"][MODEL_FILE]}


def server_memory(pid: int) -> int:
    """Bytes of address space."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
