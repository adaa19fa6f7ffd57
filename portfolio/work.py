"""What a worker does with a piece: read, check, score, explain, write, count."""

import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from credit_scoring.decisions.batch_scoring import problems, score, transform_each
from credit_scoring.errors import BadFile, foreign_code
from portfolio.columns import Columns
from portfolio.counts import Counts, counted
from portfolio.csv_rows import csv_block
from portfolio.job import Job, Piece, Problem, RunError
from portfolio.model import Model, ReferenceCounts, model_of, reference_counts
from portfolio.parquet import parquet_blocks
from portfolio.parts import Record, part_table, write_part, write_record
from portfolio.rows import Block, repeated


class BadRow(Exception):
    """A row that ends the run."""

    def __init__(self, row: int, text: str) -> None:
        super().__init__(row, text)
        self.problem = Problem(text, row)


def describe_model(job: Job) -> ReferenceCounts | Problem:
    """The reference clients, counted; or why the model cannot be used."""
    try:
        with foreign_code(job.folder, _failed):
            return reference_counts(job)
    except (BadFile, RunError) as error:
        return Problem(str(error))


def score_piece(job: Job, piece: Piece, figures: str) -> Record | Problem:
    """Make the part of a piece, and its record; or say why it cannot be made.

    Args:
        job: of the run.
        piece: of a table.
        figures: the hash of what decides the part's figures.
    """
    try:
        with foreign_code(piece.name, _failed):
            try:
                return _scored(job, piece, figures)
            except (BadRow, RunError) as error:
                return error.problem if isinstance(error, BadRow) else Problem(str(error))
    except BadFile as error:
        return Problem(str(error))


def _failed(error: BaseException) -> str:
    """Without the error's own text: it may hold a client's value."""
    return f"cannot be scored ({type(error).__name__})"


def _scored(job: Job, piece: Piece, figures: str) -> Record:
    began = time.perf_counter()
    model = model_of(job)
    columns = Columns.of(model.bundle, piece.name, piece.header)
    total, tables, read = Counts(), [], 0
    bad: dict[int, str] = {}
    for block in _blocks(piece, columns):
        table, counts, refused = _score_block(job, model, columns, block)
        read += block.read
        bad |= refused
        tables.append(table)
        total.add(counts)
    size = write_part(job, piece, pa.concat_tables(tables).unify_dictionaries())
    seconds = time.perf_counter() - began
    record = Record(
        piece.number, piece.key, figures, size, read, bad, columns.ignored, seconds, total
    )
    write_record(job, record)
    return record


def _blocks(piece: Piece, columns: Columns) -> Iterator[Block]:
    """The rows of a piece that are to be scored, without those whose id comes before."""
    blocks = parquet_blocks(piece, columns) if piece.groups else iter([csv_block(piece, columns)])
    left_out = dict(piece.left_out)
    ids, numbers = np.empty(0, np.int64), np.empty(0, np.int64)
    for found in blocks:
        there = set(found.numbers.tolist())
        block = found.without({row: text for row, text in left_out.items() if row in there})
        ids, numbers = np.append(ids, block.ids), np.append(numbers, block.numbers)
        again = repeated(ids, numbers)
        yield block.without({row: text for row, text in again.items() if row in there})


def _score_block(
    job: Job, model: Model, columns: Columns, block: Block
) -> tuple[pa.Table, Counts, dict[int, str]]:
    """A part's rows, what is counted of them, and all bad rows.

    Raises:
        BadRow: there is one, and it ends the run.
    """
    bundle = model.bundle
    found = problems(bundle, block.rows, list(columns.at))
    block = block.without({int(block.numbers[row]): text for row, text in found.items()})
    transformed, refused = transform_each(bundle, block.rows, columns.computed)
    block = block.without({int(block.numbers[row]): text for row, text in refused.items()})
    if block.bad and not job.collect:
        raise BadRow(min(block.bad), block.bad[min(block.bad)])
    scores = score(bundle, model.peers, block.rows, transformed, job.explained)
    ranked = scores.ranked
    wordings = None if ranked is None else model.wordings(ranked.strongest, ranked.wordings)
    table = part_table(block.ids, scores, model.grades, model.groups, model.texts, wordings)
    counts = counted(model.bins, block.rows, scores, len(model.grades), model.groups)
    return table, counts, block.bad
