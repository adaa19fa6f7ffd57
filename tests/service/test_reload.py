"""Files replaced under a running server: what goes wrong is said by whichever worker is asked."""

import os
import resource
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import joblib
import pytest
import uvloop

from credit_scoring.files import ID, MODEL_FILE, NEW_FILE
from tests.support.folders import another_model, metadata_of, put, write_metadata
from tests.support.known import answers, get, known_answers
from tests.support.server import RESSOURCES, Server, wait_for

SEVERAL = 16  # connections, more than enough to meet both workers


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The shipped files, for a server of the test's own."""
    return Path(shutil.copytree(RESSOURCES, tmp_path / "ressources"))


@pytest.fixture
def server(replaced: Server, folder: Path) -> Iterator[Server]:
    """Sound files in both workers, before and afterwards."""
    put(RESSOURCES, folder)
    sha256 = metadata_of(RESSOURCES)["sha256"][MODEL_FILE]
    wait_for(lambda: agree(replaced, None, sha256), pause=0.3)
    yield replaced
    put(RESSOURCES, folder)
    wait_for(lambda: agree(replaced, None, sha256), pause=0.3)


def every(server: Server, path: str) -> list[dict]:
    """What some connections get, each of which either worker may take."""
    return [get(server, path).json() for _ in range(SEVERAL)]


def agree(server: Server, refused: str | None, sha256: str) -> bool:
    """Whether all workers have that model, and say that of the files in the folder."""
    workers = server.ask_json("/model")["workers"]
    return len(workers) == 2 and all(
        worker["sha256"][MODEL_FILE] == sha256
        and (worker["refused"] or "").startswith(refused or "")
        and bool(worker["refused"]) == bool(refused)
        for worker in workers
    )


class Raising:
    """Opened as a pickle, it raises what no list of errors would have."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple:
        return exec, (f"raise {self.name}('why')",)


@pytest.mark.parametrize("name", ["RuntimeError", "StopIteration", "MemoryError", "SystemExit"])
def test_whatever_a_pickle_raises_is_refused_and_sound_files_heal(
    server: Server, folder: Path, name: str
):
    in_use, before = server.ask_json("/health")["sha256"], len(server.log())
    joblib.dump(Raising(name), folder / MODEL_FILE)
    write_metadata(folder)
    reason = f"model.joblib: cannot be unpickled: {name}: why"
    wait_for(lambda: agree(server, reason, in_use), pause=0.3)
    for health in every(server, "/health"):
        assert health == {"status": "ok", "sha256": in_use, "refused": reason}
    assert "Traceback" not in server.log()[before:]
    put(RESSOURCES, folder)
    wait_for(lambda: agree(server, None, in_use), pause=0.3)
    for health in every(server, "/health"):
        assert health == {"status": "ok", "sha256": in_use}


def test_model_json_that_is_gone_changes_nothing(server: Server, folder: Path):
    before, known = server.ask_json("/model"), known_answers(server)
    (folder / "model.json").rename(folder / "aside")
    reason = "model.json: was there and is gone; "
    wait_for(lambda: agree(server, reason, before["sha256"][MODEL_FILE]), pause=0.3)
    for model in every(server, "/model"):
        assert model["threshold"] == before["threshold"]
        assert model["facts"] == before["facts"]
    # A new worker may not go on without it either, while the other one has it.
    started = server.ready()
    killed, other = server.pids()
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: server.said(f"cannot start: {reason}"))
    assert server.ask_json("/model")["threshold"] == before["threshold"]
    assert uvloop.run(answers(server.port, list(known))) == known
    (folder / "aside").rename(folder / "model.json")
    wait_for(lambda: server.ready() > started)
    wait_for(lambda: agree(server, None, before["sha256"][MODEL_FILE]), pause=0.3)
    assert server.process.poll() is None
    assert other in server.pids()


def test_model_json_that_is_gone_at_a_cold_start_is_a_warning(copied: Path):
    (copied / "model.json").unlink()
    with Server(copied, workers=1) as server:
        assert server.ask_json("/model")["threshold"] == 0.4
        assert server.said("model.json: absent, the threshold is 0.40") == 1


def test_killed_worker_that_answered_nothing_yet_does_not_end_the_server(copied: Path):
    """Nobody is asked before one worker is killed and its successor cannot load."""
    with Server(copied) as server:
        (copied / MODEL_FILE).write_bytes(b"")
        killed, other = server.pids()
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: server.said('"cannot start: model.joblib: its SHA-256 is '))
        put(RESSOURCES, copied)
        wait_for(lambda: server.ready() == 3)
        assert server.process.poll() is None
        assert other in server.pids()
        assert server.ask_json("/health")["status"] == "ok"


def larger(folder: Path, out: Path) -> None:
    """Another model, of so many clients that they need much more memory."""
    another_model(folder, out)
    header, *rows = (out / NEW_FILE).read_text().splitlines()
    assert header.startswith(f",{ID},")
    values = [row.split(",", 2)[2] for row in rows]
    many = [f"{n},{n + 1},{row}" for n, row in enumerate(values * 40)]
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
