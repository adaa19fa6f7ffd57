"""A run: it makes the part files that are missing, and stops at the first problem."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from portfolio.cluster import Workers
from portfolio.duplicates import Place, find_duplicates
from portfolio.job import Problem, RunError
from portfolio.output.atomic_file import replacing
from portfolio.output.folder import Folder
from portfolio.output.part import STATE, PartRecord, read_ids
from portfolio.progress import Progress
from portfolio.tables.chunk import Chunk, same_id
from portfolio.tables.row_ids import Ids
from portfolio.tables.table_files import TableFiles
from portfolio.worker import ReferenceCounts, count_reference, score_chunk

BAD_ROWS = ("file", "row", "reason")  # columns of the list of bad rows
BAD_ROWS_HEAD = (",".join(BAD_ROWS) + "\n").encode()


@dataclass(frozen=True)
class Part:
    """A finished part.

    Attributes:
        file: of the table that it was made of.
        read: rows of its chunk.
        scored: rows of the part file; the others are bad.
        existed: true if an earlier run made it.
    """

    file: str
    read: int
    scored: int
    existed: bool


@dataclass(eq=False)
class Outcome:
    """Parts of a run, and facts about its files.

    Attributes:
        parts: the finished parts, by number.
        hashes: SHA-256 of each file of the table.
        ignored: columns that are not features, by file.
    """

    parts: dict[int, Part] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, list[str]] = field(default_factory=dict)

    @property
    def scored(self) -> int:
        """Rows of all part files."""
        return sum(part.scored for part in self.parts.values())

    def row_in_file(self, file: str, number: int, row: int) -> int:
        """Number a row of a chunk within its file, from 1."""
        before = 0
        while (part := self.parts.get(number := number - 1)) and part.file == file:
            before += part.read
        return before + row


class Run:
    """The run of a job: its table, its output folder and its workers."""

    def __init__(
        self, files: TableFiles, folder: Folder, workers: Workers, progress: Progress
    ) -> None:
        self.files, self.folder, self.job = files, folder, folder.job
        self.workers, self.progress = workers, progress
        self.outcome = Outcome()
        self._problems: dict[int, tuple[Chunk, Problem]] = {}

    def score_all(self) -> Outcome:
        """Make all parts that are missing.

        Raises:
            BadFile: a file is not a table, or a part cannot be written.
            RunError: a row is bad and bad rows are not collected, or no worker can compute.
        """
        self._score(self._missing())
        self._check_duplicates()
        return self.outcome

    def count_reference(self) -> ReferenceCounts:
        """Count the reference population.

        Raises:
            RunError: the bundle cannot be used, or no worker can compute.
        """
        found = self.workers.call(partial(count_reference, self.job))
        if isinstance(found, Problem):
            raise RunError(found.text)
        return found

    def write_bad_rows(self, path: Path) -> None:
        """Write the file, row and reason of all bad rows as CSV.

        Raises:
            BadFile: it cannot be written.
        """
        with replacing(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(BAD_ROWS)
            before: dict[str, int] = defaultdict(int)
            for number, part in sorted(self.outcome.parts.items()):
                record = self.folder.read(number) if part.scored < part.read else None
                for row, reason in sorted(record.bad.items()) if record else []:
                    writer.writerow([part.file, before[part.file] + row, reason])
                before[part.file] += part.read

    def _score(self, chunks: Iterator[Chunk]) -> None:
        """Let workers score chunks, and end at the first problem in the order of the table.

        All chunks before it are done by then: none is taken after one has a problem.
        """
        for chunk, result in self.workers.results(partial(score_chunk, self.job), chunks):
            self._take(chunk, result, existed=False)
        if not self._problems:
            return
        chunk, problem = self._problems[min(self._problems)]
        if problem.row is None:
            raise RunError(problem.text)
        row = self.outcome.row_in_file(chunk.file, chunk.number, problem.row)
        raise RunError(f"{chunk.file}: row {row}: {problem.text}")

    def _missing(self) -> Iterator[Chunk]:
        """Chunks without a part, until one has a problem."""
        for chunk in self.files.chunks():
            self.outcome.hashes[chunk.file] = chunk.sha256  # the last chunk has the whole file's
            if self._problems:
                return
            record = self.folder.finished(chunk)
            if record is None:
                yield chunk
            else:
                self._take(chunk, record, existed=True)

    def _take(self, chunk: Chunk, result: PartRecord | Problem, *, existed: bool) -> None:
        if isinstance(result, PartRecord) and result.bad and not self.job.collects_bad_rows:
            row = min(result.bad)  # of an earlier run that collected them
            result = Problem(result.bad[row], row)
        if isinstance(result, Problem):
            self._problems[chunk.number] = chunk, result
            return
        scored = result.read - len(result.bad)
        self.outcome.parts[chunk.number] = Part(chunk.file, result.read, scored, existed)
        if result.ignored:
            self.outcome.ignored.setdefault(chunk.file, list(result.ignored))
        self.progress.note(chunk.weight, result.read, made=not existed)

    def _check_duplicates(self) -> None:
        """Leave out rows whose id an earlier row has, or end at the first one."""
        parts = sorted(self.outcome.parts)
        ids = ((number, self._ids(number)) for number in parts)
        scratch = self.folder.path / STATE
        duplicates = find_duplicates(ids, self.outcome.scored, scratch)
        if not self.job.collects_bad_rows:
            if duplicate := min(duplicates, default=None):
                name, row = self._row(duplicate.place)
                raise RunError(f"{name}: row {row}: {self._reason(duplicate.first)}")
            return
        again: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for duplicate in duplicates:
            number = duplicate.place.part
            again[number].append(
                (self._row_in_chunk(duplicate.place), self._reason(duplicate.first))
            )
        if again:
            self._score(
                replace(chunk, left_out=tuple(again[chunk.number]), weight=0)
                for chunk in self.files.chunks()
                if chunk.number in again
            )

    def _ids(self, number: int) -> Ids:
        """The ids of a part."""
        record = self.folder.read(number)
        has_text_ids = record is not None and record.has_text_ids
        return read_ids(self.folder.part(number), has_text_ids=has_text_ids)

    def _reason(self, first: Place) -> str:
        file, row = self._row(first)
        return same_id(f"the row {row} of {file}")

    def _row(self, place: Place) -> tuple[str, int]:
        """File and number of a row of a part file."""
        file = self.outcome.parts[place.part].file
        return file, self.outcome.row_in_file(file, place.part, self._row_in_chunk(place))

    def _row_in_chunk(self, place: Place) -> int:
        """Number a row of a part file within its chunk, from 1."""
        record = self.folder.read(place.part)
        bad = record.bad if record else {}
        rows = np.arange(1, self.outcome.parts[place.part].read + 1)
        return int(np.delete(rows, [row - 1 for row in bad])[place.row])


def check_bad_rows(path: Path) -> None:
    """Check that a list of bad rows would replace nothing except an earlier list.

    Raises:
        RunError: it would.
        OSError: the existing file cannot be read.
    """
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(BAD_ROWS_HEAD)) in (b"", BAD_ROWS_HEAD):
                return
    if path.exists():
        raise RunError(f"{path}: exists, and is not a list of bad rows")
