"""Workers know each other's states while they live, and no longer."""

import errno
import fcntl
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from serving.workers.worker_registry import TURN, WorkerRegistry

PUBLISH = """
import sys
from pathlib import Path
from serving.workers.worker_registry import WorkerRegistry
registry = WorkerRegistry(Path(sys.argv[1]))
registry.publish({"model": "first"})
for line in sys.stdin:
    registry.publish({"model": line.strip()})
    print("told", flush=True)
"""


@pytest.fixture
def other_worker(tmp_path: Path):
    """Another process, which publishes the models that it is sent."""
    with subprocess.Popen(
        [sys.executable, "-c", PUBLISH, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def publish(process: subprocess.Popen, model: str) -> None:
    process.stdin.write(f"{model}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "told\n"


def test_a_worker_without_a_folder_is_alone():
    registry = WorkerRegistry(None)
    registry.publish({"model": "a"})
    assert registry.workers() == registry.others() == []
    registry.leave()


def test_each_worker_is_known_by_its_last_state(tmp_path: Path, other_worker: subprocess.Popen):
    registry = WorkerRegistry(tmp_path)
    publish(other_worker, "b")
    theirs = {"pid": other_worker.pid, "model": "b"}
    assert registry.workers() == registry.others() == [theirs]
    registry.publish({"model": "a"})
    ours = {"pid": os.getpid(), "model": "a"}
    assert registry.workers() == sorted([theirs, ours], key=lambda said: said["pid"])
    assert registry.others() == [theirs]
    for number in range(20):
        publish(other_worker, f"{number}")
        assert registry.others() == [theirs | {"model": f"{number}"}]
    registry.leave()
    assert registry.workers() == [theirs | {"model": "19"}]
    registry.leave()


def test_a_killed_worker_is_known_no_longer(tmp_path: Path, other_worker: subprocess.Popen):
    registry = WorkerRegistry(tmp_path)
    registry.publish({"model": "a"})
    publish(other_worker, "b")
    assert len(registry.workers()) == 2
    other_worker.send_signal(signal.SIGKILL)
    other_worker.wait()
    assert registry.others() == []
    assert len(list(tmp_path.iterdir())) == 2  # state and lock of the living one
    registry.leave()


def test_workers_take_turns(tmp_path: Path):
    done = []

    def take_turn() -> None:
        with WorkerRegistry(tmp_path).turn():
            done.append("other")

    other = Thread(target=take_turn)
    with WorkerRegistry(tmp_path).turn():
        other.start()
        with (tmp_path / TURN).open("rb") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        done.append("this")
    other.join(60)
    assert done == ["this", "other"]


def test_a_worker_that_is_alone_needs_no_turn():
    registry = WorkerRegistry(None)
    with registry.turn(), registry.turn():
        pass


def test_files_without_a_lock_belong_to_no_worker(tmp_path: Path):
    """A file of counters, and the state of a dead worker with the id of a living process."""
    (tmp_path / "counter_1.db").touch()
    (tmp_path / f"worker-{os.getpid()}-dead").write_bytes(b"{}")
    registry = WorkerRegistry(tmp_path)
    assert registry.workers() == []
    assert [path.name for path in tmp_path.iterdir()] == ["counter_1.db"]


def test_a_worker_that_cannot_publish_is_known_no_longer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """Once there is room it is known again; the reason is logged once."""
    registry = WorkerRegistry(tmp_path)
    registry.publish({"model": "a"})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        registry.publish({"model": "b"})
        registry.publish({"model": "c"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    problem = f"{tmp_path}: {os.strerror(errno.EFBIG)}: the other workers do not know this one"
    assert caplog.messages == [problem]
    assert list(tmp_path.iterdir()) == []
    registry.publish({"model": "d"})
    assert registry.workers() == [{"pid": os.getpid(), "model": "d"}]
    registry.leave()


def test_a_folder_that_is_gone_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    registry = WorkerRegistry(tmp_path / "removed")
    registry.publish({"model": "a"})
    with registry.turn():
        assert registry.workers() == registry.others() == []
    registry.leave()
    assert len(caplog.messages) == 1
