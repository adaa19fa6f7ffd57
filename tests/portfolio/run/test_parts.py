"""Files of the output folder on a full disk, and the records of part files."""

import contextlib
import resource

import pytest

from credit_scoring.data.artifacts import NEW_FILE
from credit_scoring.errors import BadFile
from portfolio.job import Problem
from portfolio.output.folder import Folder
from portfolio.output.part import STATE, PartRecord
from portfolio.worker import score_chunk
from tests.support.portfolio import chunks_of, job_of


@contextlib.contextmanager
def full_disk(size):
    """A limit on the bytes of a file, which a full disk has too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(params=["parquet", "csv"])
def job(request, bundle_folder, tmp_path):
    return job_of(bundle_folder, tmp_path, format=request.param)


@pytest.fixture
def chunk(bundle_folder):
    (chunk,) = chunks_of(bundle_folder / NEW_FILE)
    return chunk


@pytest.mark.parametrize("size", [0, 2_000])
def test_a_part_that_cannot_be_written_leaves_nothing(job, chunk, tmp_path, size):
    with full_disk(size):
        found = score_chunk(job, chunk)
    assert isinstance(found, Problem)
    part = f"{tmp_path}/part-000000.{job.format}"
    assert found.text == f"{part}: cannot be written: File too large"
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
    assert isinstance(score_chunk(job, chunk), PartRecord)


def test_the_record_of_a_part_is_read_as_it_was_written(job, chunk, tmp_path):
    record = score_chunk(job, chunk)
    assert isinstance(record, PartRecord)
    assert record.bytes == (tmp_path / f"part-000000.{job.format}").stat().st_size
    kept = Folder(tmp_path, "scored", job).read(0)
    assert kept is not None
    assert kept.to_json() == record.to_json() | {"ignored": []}


def test_a_file_of_the_folder_that_cannot_be_written_is_named(job, tmp_path):
    with full_disk(10), pytest.raises(BadFile, match=r"summary\.json: cannot be written: File too"):
        Folder(tmp_path, "scored", job).write("summary.json", "x" * 1000)
    assert [*tmp_path.iterdir()] == [tmp_path / STATE]
