"""One task of a worker: a chunk is read, scored, counted and written as a part file."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from credit_scoring.data.artifacts import unreadable
from credit_scoring.decisions.batch_scoring import BatchScorer, Scores
from credit_scoring.errors import BadFile, foreign_code
from portfolio.counts import Counts, count_rows
from portfolio.duplicates import repeated_in_chunk
from portfolio.job import Job, Problem, RunError
from portfolio.output.part import PartRecord, part_table, write_part, write_record
from portfolio.tables.chunk import Chunk, ChunkRows, Columns
from portfolio.tables.csv_file import read_csv_chunk
from portfolio.tables.parquet_file import read_parquet_chunk
from portfolio.worker_bundle import Reference, bundle_of, count_reference


class BadRow(RunError):
    """A row that ends the run."""

    def __init__(self, row: int, text: str) -> None:
        super().__init__(text)
        self.row = row


@dataclass(frozen=True, eq=False)
class ScoredRows:
    """Rows of a chunk and their scores, in the same order."""

    rows: ChunkRows
    scores: Scores


def describe_reference(job: Job) -> Reference | Problem:
    """Count the reference population, or say why the bundle cannot be used."""
    try:
        with foreign_code(job.folder, _failed):
            return count_reference(job)
    except BadFile as error:
        return _problem(error)


def score_chunk(job: Job, chunk: Chunk) -> PartRecord | Problem:
    """Make the part file of a chunk and its record, or say why it cannot be made."""
    try:
        with foreign_code(chunk.file, _failed):
            return _make_part(job, chunk)
    except BadFile as error:
        return _problem(error)


def _failed(error: BaseException) -> str:
    """Describe an error without its text, which may hold a client's value."""
    if isinstance(error, OSError):
        return unreadable(error)
    return f"cannot be scored ({type(error).__name__})"


def _problem(error: BadFile) -> Problem:
    cause = error.__cause__
    row = cause.row if isinstance(cause, BadRow) else None
    return Problem(str(cause if isinstance(cause, RunError) else error), row)


def _make_part(job: Job, chunk: Chunk) -> PartRecord:
    began = time.perf_counter()
    bundle = bundle_of(job)
    columns = Columns.find(bundle.bundle, chunk)
    tables, counts, read = [], Counts(), 0
    bad: dict[int, str] = {}
    for rows in _distinct_rows(chunk, columns):
        scored = _score(job, bundle.scorer, columns, rows)
        tables.append(part_table(scored.rows.ids, scored.scores, bundle.labels))
        counts.add(count_rows(scored.rows.values, scored.scores, bundle.bins, bundle.labels))
        bad |= scored.rows.bad
        read += rows.read
    size = write_part(job, chunk.number, tables)
    seconds = time.perf_counter() - began
    record = PartRecord(
        chunk.number, chunk.key, job.key, size, read, bad, columns.ignored, seconds, counts
    )
    write_record(Path(job.out), record)
    return record


def _distinct_rows(chunk: Chunk, columns: Columns) -> Iterator[ChunkRows]:
    """Read the rows that are to be scored, without those whose id occurs before."""
    left_out = dict(chunk.left_out)
    ids, row_numbers = np.empty(0, np.int64), np.empty(0, np.int64)
    for found in (
        read_parquet_chunk(chunk, columns) if chunk.groups else [read_csv_chunk(chunk, columns)]
    ):
        rows = found.without(left_out)
        ids, row_numbers = np.append(ids, rows.ids), np.append(row_numbers, rows.row_numbers)
        yield rows.without(repeated_in_chunk(ids, row_numbers))


def _score(job: Job, scorer: BatchScorer, columns: Columns, rows: ChunkRows) -> ScoredRows:
    """Score the rows that the scorer accepts.

    Raises:
        BadRow: a row is bad, and bad rows are not collected.
    """
    found = scorer.problems(rows.values, [*columns.numbers, *columns.texts])
    rows = rows.without({int(rows.row_numbers[row]): text for row, text in found.items()})
    transformed = scorer.transform(rows.values, columns.computed)
    refused = transformed.refused.items()
    rows = rows.without({int(rows.row_numbers[row]): text for row, text in refused})
    if rows.bad and not job.collects_bad_rows:
        first = min(rows.bad)
        raise BadRow(first, rows.bad[first])
    return ScoredRows(rows, scorer.score(rows.values, transformed.values))
