"""Parts on the disk, ids that come twice, and what is counted."""

import contextlib
import resource

import numpy as np
import pytest

from credit_scoring.data.artifacts import NEW_FILE
from credit_scoring.errors import BadFile
from portfolio import duplicates
from portfolio.counts import Counts
from portfolio.duplicates import find_duplicates
from portfolio.folder import Folder
from portfolio.job import Problem
from portfolio.parts import STATE, Record
from portfolio.progress import duration
from portfolio.work import score_piece
from tests.support.portfolio import job_of, pieces_of


@contextlib.contextmanager
def disk_of(size):
    """A limit on what a file may hold, as a full disk is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("size", [0, 2_000])
def test_a_part_that_cannot_be_written_leaves_nothing(model, tmp_path, form, size):
    job = job_of(model, tmp_path, format=form)
    (piece,) = pieces_of(model / NEW_FILE)
    with disk_of(size):
        found = score_piece(job, piece, "")
    assert isinstance(found, Problem)
    part = f"{tmp_path}/part-000000.{form}"
    assert found.text == f"{part}: cannot be written: File too large"
    left = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert left == []
    record = score_piece(job, piece, "")
    assert isinstance(record, Record)
    assert record.bytes == (tmp_path / f"part-000000.{form}").stat().st_size
    kept = Folder(tmp_path, "scored", "").read(0)
    assert kept is not None
    assert kept.to_json() == record.to_json() | {"ignored": []}


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / STATE).mkdir()
    with disk_of(10), pytest.raises(BadFile, match=r"summary\.json: cannot be written: File too"):
        Folder(tmp_path, "scored", "").write("summary.json", "x" * 1000)
    assert [*tmp_path.iterdir()] == [tmp_path / STATE]


@pytest.mark.parametrize("at_once", [7, 1 << 20])
def test_ids_that_come_twice_are_found_with_where_they_are_first(monkeypatch, tmp_path, at_once):
    monkeypatch.setattr(duplicates, "AT_ONCE", at_once)
    rng = np.random.default_rng(1)
    parts = [(number, rng.integers(-30, 60, 20)) for number in range(4)]
    first, wanted = {}, set()
    for number, ids in parts:
        for position, found in enumerate(ids.tolist()):
            if found in first:
                wanted.add(((number, position), first[found]))
            first.setdefault(found, (number, position))
    found = [*find_duplicates(parts, 80, tmp_path)]
    assert wanted
    assert (set(found), len(found)) == (wanted, len(wanted))
    assert [*tmp_path.iterdir()] == []


def test_counts_add_up_and_survive_json():
    one = Counts(
        2,
        np.array([1, 1]),
        np.array([2, 0]),
        score=np.array([1, 1]),
        numbers={0: np.array([1, 1])},
        texts={1: {"x": 1, None: 1}},
        groups={"Income": [1, 0]},
        explained=1,
    )
    both = Counts()
    both.add(one)
    both.add(Counts(1, np.array([1, 0]), np.array([0, 1]), score=np.array([1, 0]),
                    numbers={0: np.array([0, 1])}, texts={1: {"y": 1}}))  # fmt: skip
    again = Counts.of_json(both.to_json())
    assert again.to_json() == both.to_json()
    assert (again.rows, again.explained, again.groups) == (3, 1, {"Income": [1, 0]})
    assert again.predictions.tolist() == [2, 1]
    assert again.grades.tolist() == [2, 1]
    assert again.numbers[0].tolist() == [1, 2]
    assert again.texts[1] == {"x": 1, None: 1, "y": 1}
    assert one.rows == 2


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (61, "1:01"), (3723, "1:02:03")])
def test_a_time_is_written(seconds, text):
    assert duration(seconds) == text
