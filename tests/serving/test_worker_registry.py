"""Workers know of each other for as long as they live, and no longer."""

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

from serving.worker_registry import TURN, WorkerRegistry

SAY = """
import sys
from pathlib import Path
from serving.worker_registry import WorkerRegistry
registry = WorkerRegistry(Path(sys.argv[1]))
registry.tell({"model": "first"})
for line in sys.stdin:
    registry.tell({"model": line.strip()})
    print("told", flush=True)
"""


@pytest.fixture
def other(tmp_path: Path):
    """Another process that tells what it is sent."""
    with subprocess.Popen(
        [sys.executable, "-c", SAY, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def tell(process: subprocess.Popen, model: str) -> None:
    process.stdin.write(f"{model}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "told\n"


def test_a_worker_without_a_folder_is_alone():
    registry = WorkerRegistry(None)
    registry.tell({"model": "a"})
    assert registry.workers() == registry.others() == []
    registry.leave()


def test_each_worker_is_known_by_what_it_said_last(tmp_path: Path, other: subprocess.Popen):
    registry = WorkerRegistry(tmp_path)
    tell(other, "b")
    theirs = {"pid": other.pid, "model": "b"}
    assert registry.workers() == registry.others() == [theirs]
    registry.tell({"model": "a"})
    ours = {"pid": os.getpid(), "model": "a"}
    assert registry.workers() == sorted([theirs, ours], key=lambda said: said["pid"])
    assert registry.others() == [theirs]
    for number in range(20):
        tell(other, f"{number}")
        assert registry.others() == [theirs | {"model": f"{number}"}]
    registry.leave()
    assert registry.workers() == [theirs | {"model": "19"}]
    registry.leave()


def test_a_killed_worker_is_known_no_longer(tmp_path: Path, other: subprocess.Popen):
    registry = WorkerRegistry(tmp_path)
    registry.tell({"model": "a"})
    tell(other, "b")
    assert len(registry.workers()) == 2
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert registry.others() == []
    assert len(list(tmp_path.iterdir())) == 1
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


def test_files_without_a_lock_are_of_no_worker(tmp_path: Path):
    """Counters of a process number that lives, and what a dead worker said."""
    (tmp_path / "counter_1.db").touch()
    (tmp_path / f"worker-{os.getpid()}-dead").write_bytes(b"{}")
    registry = WorkerRegistry(tmp_path)
    assert registry.workers() == []
    assert [path.name for path in tmp_path.iterdir()] == ["counter_1.db"]


def test_a_worker_that_cannot_say_what_changed_is_known_no_longer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """Once there is room it is known again; the reason is logged once."""
    registry = WorkerRegistry(tmp_path)
    registry.tell({"model": "a"})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        registry.tell({"model": "b"})
        registry.tell({"model": "c"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    problem = f"{tmp_path}: {os.strerror(errno.EFBIG)}: the other workers do not know this one"
    assert caplog.messages == [problem]
    assert list(tmp_path.iterdir()) == []
    registry.tell({"model": "d"})
    assert registry.workers() == [{"pid": os.getpid(), "model": "d"}]
    registry.leave()


def test_a_folder_that_is_gone_holds_nobody_up(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    registry = WorkerRegistry(tmp_path / "removed")
    registry.tell({"model": "a"})
    with registry.turn():
        assert registry.workers() == registry.others() == []
    registry.leave()
    assert len(caplog.messages) == 1
