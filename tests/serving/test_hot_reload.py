"""New files are read once they lie still; no fault ends the watch."""

import logging
import os
import shutil
import sys
from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from credit_scoring.data.bundle_files import Fingerprint, fingerprint
from serving.hot_reload import ReloadedFolder
from serving.workers.gunicorn_worker import NICENESS, pauses
from serving.workers.worker_registry import WorkerRegistry

FILES = ("a", "b")
FOR_EVER = 1e9


@dataclass(frozen=True)
class Reading:
    """The number of a read, from 0 on."""

    number: int

    def state(self) -> dict[str, Any]:
        return {"number": self.number}


class UnusableFiles(Exception):
    pass


class CountedFolder(ReloadedFolder[Reading]):
    """A folder that counts its reads; `error` is raised by the next ones, if there is one."""

    unusable = UnusableFiles
    retry = FOR_EVER

    def __init__(self, folder: Path) -> None:
        self.reads = -1  # without the one of the start
        self.prepared: list[Reading] = []
        self.error: Callable[[], BaseException | None] = lambda: None
        super().__init__(folder, WorkerRegistry(None))

    def fingerprint(self) -> Fingerprint:
        return fingerprint(self._folder, FILES)

    def read(self, gone: Set[str]) -> Reading:
        self.reads += 1
        if error := self.error():
            raise error
        return Reading(self.reads)

    def prepare(self, current: Reading) -> None:
        self.prepared.append(current)


class RestlessFolder(CountedFolder):
    """A folder that is looked at all the time, and whose refused files are always tried again."""

    interval = 0.001
    retry = 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "a").write_text("1")
    return tmp_path


@pytest.fixture
def folder(path: Path) -> CountedFolder:
    return CountedFolder(path)


def write_in_place(path: Path) -> None:
    """As `cp -p` does: another content of the same size, written at the same time."""
    status = (path / "a").stat()
    (path / "a").write_text("2")
    os.utime(path / "a", ns=(status.st_atime_ns, status.st_mtime_ns))


def replace(path: Path) -> None:
    shutil.copy2(path / "a", path / "a.new")
    (path / "a.new").replace(path / "a")


@pytest.mark.parametrize(
    "change",
    [
        lambda path: (path / "a").write_text("22"),
        lambda path: (path / "a").chmod(0o600),
        lambda path: (path / "a").unlink(),
        lambda path: (path / "b").touch(),
        write_in_place,
        replace,
    ],
    ids=["written", "chmod", "removed", "added", "time kept", "replaced"],
)
def test_changed_files_are_read_once(path: Path, change):
    (path / "a").chmod(0o644)
    folder = CountedFolder(path)
    folder.look()
    assert folder.reads == 0
    change(path)
    folder.look()
    assert folder.reads == 0  # the change may still go on
    folder.look()
    folder.look()
    assert (folder.reads, folder.current) == (1, Reading(1))
    assert folder.prepared == [Reading(1)]


def test_files_that_change_all_the_time_are_not_read(path: Path, folder: CountedFolder):
    for size in range(2, 9):
        (path / "a").write_text("1" * size)
        folder.look()
    assert folder.reads == 0
    folder.look()
    assert folder.reads == 1


def test_refused_files_are_read_again_after_a_while(path: Path, folder: CountedFolder):
    folder.retry = 0
    folder.error = lambda: UnusableFiles("why") if folder.reads < 3 else None
    (path / "b").touch()
    for _ in range(9):
        folder.look()
    assert (folder.reads, folder.current, folder.refused) == (3, Reading(3), None)


def test_refused_files_are_not_read_all_the_time(path: Path, folder: CountedFolder):
    folder.error = lambda: UnusableFiles("why")
    (path / "b").touch()
    for _ in range(9):
        folder.look()
    assert (folder.reads, folder.current, folder.refused) == (1, Reading(0), "why")


@pytest.mark.parametrize("fault", [RuntimeError, StopIteration, SystemExit, KeyboardInterrupt])
def test_no_fault_ends_the_watch(path: Path, fault: type[BaseException], caplog):
    folder, recovered = RestlessFolder(path), Event()
    folder.prepare = lambda current: current == Reading(4) and recovered.set()
    folder.error = lambda: fault("why") if folder.reads < 4 else None
    with caplog.at_level(logging.CRITICAL), folder.watched():
        (path / "b").touch()
        assert recovered.wait(60)
    faults = [record for record in caplog.records if record.levelname == "CRITICAL"]
    assert [record.message for record in faults] == ["a reload failed"] * 3
    assert [record.exc_info[0] for record in faults] == [fault] * 3


class Unprintable(Exception):
    def __str__(self) -> str:
        raise OSError("no text")


def test_a_fault_without_a_text_does_not_end_the_watch(path: Path, caplog):
    folder, recovered = RestlessFolder(path), Event()
    folder.prepare = lambda current: current == Reading(3) and recovered.set()
    folder.error = lambda: Unprintable() if folder.reads < 3 else None
    with caplog.at_level(logging.CRITICAL), folder.watched():
        (path / "b").touch()
        assert recovered.wait(60)
    assert caplog.messages == ["a reload failed"] * 2


def test_a_reload_gives_way_to_requests(path: Path):
    found, done, niceness = [], Event(), os.nice(0)
    folder = RestlessFolder(path)

    def note_priority() -> None:
        found.append((sys.getprofile().__qualname__, os.nice(0)))
        done.set()

    folder.error = note_priority
    with folder.watched():
        replace(path)
        assert done.wait(10)
    assert found == [(f"{pauses.__name__}.<locals>.give_way", niceness + NICENESS)]
    assert (sys.getprofile(), os.nice(0)) == (None, niceness)
