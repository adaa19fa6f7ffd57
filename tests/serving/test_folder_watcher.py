"""A change is noticed once the files lie still; no fault ends the watch."""

import logging
import os
import shutil
import sys
from pathlib import Path
from threading import Event

import pytest

from serving.folder_watcher import FolderWatcher, fingerprint_of
from serving.gunicorn_worker import NICENESS, pauses

FILES = ("a", "b")
FOR_EVER = 1e9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a").write_text("1")
    return tmp_path


def watcher(folder: Path, act, **options) -> FolderWatcher:
    faults = options.pop("faults", [])
    options = {"interval": 0, "retry": FOR_EVER} | options
    seen = fingerprint_of(folder, FILES)
    return FolderWatcher(lambda: fingerprint_of(folder, FILES), seen, act, faults.append, **options)


def written_in_place(folder: Path) -> None:
    """As `cp -p` does: another content of the same size, written at the same time."""
    status = (folder / "a").stat()
    (folder / "a").write_text("2")
    os.utime(folder / "a", ns=(status.st_atime_ns, status.st_mtime_ns))


def replaced(folder: Path) -> None:
    shutil.copy2(folder / "a", folder / "a.new")
    (folder / "a.new").replace(folder / "a")


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "a").write_text("22"),
        lambda folder: (folder / "a").chmod(0o600),
        lambda folder: (folder / "a").unlink(),
        lambda folder: (folder / "b").touch(),
        written_in_place,
        replaced,
    ],
    ids=["written", "chmod", "removed", "added", "time kept", "replaced"],
)
def test_a_change_is_acted_upon_once(folder: Path, change):
    (folder / "a").chmod(0o644)
    acted = []
    watch = watcher(folder, lambda: acted.append(1) or True)
    watch.turn()
    assert acted == []
    change(folder)
    watch.turn()
    assert acted == []  # it may still go on
    watch.turn()
    watch.turn()
    assert acted == [1]


def test_files_that_do_not_lie_still_are_left_alone(folder: Path):
    acted = []
    watch = watcher(folder, lambda: acted.append(1) or True)
    for size in range(2, 9):
        (folder / "a").write_text("1" * size)
        watch.turn()
    assert acted == []
    watch.turn()
    assert acted == [1]


def test_what_could_not_be_taken_is_tried_again(folder: Path):
    answers = [False, False, True, True]
    acted = []

    def act() -> bool:
        acted.append(1)
        return answers[len(acted) - 1]

    watch = watcher(folder, act, retry=0)
    (folder / "b").touch()
    for _ in range(9):
        watch.turn()
    assert len(acted) == 3


def test_what_could_not_be_taken_is_not_tried_all_the_time(folder: Path):
    acted = []
    watch = watcher(folder, lambda: bool(acted.append(1)))
    (folder / "b").touch()
    for _ in range(9):
        watch.turn()
    assert acted == [1]


@pytest.mark.parametrize("fault", [RuntimeError, StopIteration, SystemExit, KeyboardInterrupt])
def test_no_fault_ends_the_watch(folder: Path, fault: type[BaseException]):
    recovered = Event()
    faults: list[BaseException] = []

    def act() -> bool:
        if len(faults) < 3:
            raise fault("why")
        recovered.set()
        return True

    watch = watcher(folder, act, faults=faults, retry=0, interval=0.001)
    watch.start()
    (folder / "b").touch()
    assert recovered.wait(60)
    watch.stop()
    watch.join(60)
    assert [type(found) for found in faults] == [fault] * 3


def test_a_fault_that_cannot_be_reported_is_logged(folder: Path, caplog):
    recovered = Event()
    faulty = [RuntimeError("first"), RuntimeError("second")]

    def act() -> bool:
        if faulty:
            raise faulty.pop()
        recovered.set()
        return True

    def report(fault: BaseException) -> None:
        raise OSError("full")

    seen = fingerprint_of(folder, FILES)
    watch = FolderWatcher(
        lambda: fingerprint_of(folder, FILES), seen, act, report, interval=0.001, retry=0
    )
    with caplog.at_level(logging.CRITICAL):
        watch.start()
        (folder / "b").touch()
        assert recovered.wait(60)
        watch.stop()
        watch.join(60)
    assert caplog.messages == ["a fault could not be reported"] * 2


def test_what_acts_gives_way_to_requests(folder: Path):
    found, done, niceness = [], Event(), os.nice(0)

    def act() -> bool:
        found.append((sys.getprofile().__qualname__, os.nice(0)))
        done.set()
        return True

    watch = watcher(folder, act)
    replaced(folder)
    watch.start()
    assert done.wait(10)
    watch.stop()

    assert found == [(f"{pauses.__name__}.<locals>.give_way", niceness + NICENESS)]
    assert (sys.getprofile(), os.nice(0)) == (None, niceness)
