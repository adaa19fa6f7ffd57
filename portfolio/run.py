"""All pieces to parts, whatever happens on the way."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from credit_scoring.errors import first_few
from portfolio.cluster import Workers
from portfolio.duplicates import Place, find_duplicates
from portfolio.folder import Folder
from portfolio.job import Job, Piece, Problem, RunError
from portfolio.parts import STATE, Record, ids_of, part_path, written
from portfolio.progress import Progress
from portfolio.rows import same_id
from portfolio.tables import Tables
from portfolio.work import score_piece

BAD_ROWS = ("file", "row", "reason")  # columns of their list
BAD_ROWS_HEAD = (",".join(BAD_ROWS) + "\n").encode()


@dataclass(eq=False)
class Made:
    """What a run has come to.

    Attributes:
        files: of each part, the table's file that it is of.
        read: of each part, the rows of its piece.
        bad: of each part, how many of these are bad.
        found: of each part that was there before, how many scored rows it has.
        hashes: the SHA-256 of each file.
        ignored: by file, columns that are no features.
    """

    files: dict[int, str] = field(default_factory=dict)
    read: dict[int, int] = field(default_factory=dict)
    bad: dict[int, int] = field(default_factory=dict)
    found: dict[int, int] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, list[str]] = field(default_factory=dict)

    def note(self, name: str, record: Record) -> None:
        """A part is there."""
        number = record.number
        self.files[number], self.read[number] = name, record.read
        self.bad[number] = len(record.bad)
        if record.ignored:
            self.ignored.setdefault(name, list(record.ignored))

    @property
    def parts(self) -> int:
        """How many there are."""
        return len(self.files)

    @property
    def scored(self) -> int:
        """How many rows the parts have."""
        return sum(self.read.values()) - self.bad_rows

    @property
    def bad_rows(self) -> int:
        """How many rows were not scored."""
        return sum(self.bad.values())

    def row(self, number: int, row: int) -> int:
        """Where a row of a piece is in its file, counted from 1."""
        name, before = self.files[number], 0
        while self.files.get(number := number - 1) == name:
            before += self.read[number]
        return before + row


class Run:
    """A run: its job, where it writes, and who computes."""

    def __init__(
        self, job: Job, tables: Tables, folder: Folder, workers: Workers, progress: Progress
    ) -> None:
        self.job, self.tables, self.folder = job, tables, folder
        self.workers, self.progress = workers, progress
        self.made = Made()
        self._problems: dict[int, tuple[Piece, Problem]] = {}

    def all_parts(self) -> Made:
        """Make what is missing.

        Raises:
            BadFile: a file is no table, or a part cannot be written.
            RunError: a row is bad and bad rows are not collected, or nobody can compute.
        """
        for piece, result in self._each(self._missing()):
            self._take(piece, result)
        self._raise_first()
        self._check_duplicates()
        return self.made

    def write_bad_rows(self, path: Path) -> None:
        """Write the bad rows of all parts into a CSV file: where they are, and what is wrong.

        Raises:
            BadFile: it cannot be written.
        """
        with written(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(BAD_ROWS)
            before: dict[str, int] = defaultdict(int)
            for number, name in sorted(self.made.files.items()):
                record = self.folder.read(number) if self.made.bad[number] else None
                for row, reason in sorted(record.bad.items()) if record else []:
                    writer.writerow([name, before[name] + row, reason])
                before[name] += self.made.read[number]

    def _each(self, pieces: Iterator[Piece]) -> Iterator[tuple[Piece, Record | Problem]]:
        return self.workers.each(score_piece, self.job, pieces, self.folder.figures)

    def _missing(self) -> Iterator[Piece]:
        """Pieces without a part, until one has a problem."""
        for piece in self.tables.pieces(self.made.hashes):
            if self._problems:
                return
            record = self.folder.record(piece, self.job)
            if record is None:
                self.made.files[piece.number] = piece.name
                yield piece
            else:
                self.made.found[piece.number] = record.counts.rows
                self._take(piece, record, made=False)

    def _take(self, piece: Piece, result: Record | Problem, *, made: bool = True) -> None:
        if isinstance(result, Record) and result.bad and not self.job.collect:
            row = min(result.bad)  # of an earlier run that did collect them
            result = Problem(result.bad[row], row)
        if isinstance(result, Problem):
            self._problems[piece.number] = piece, result
            return
        self.made.note(piece.name, result)
        if made:  # perhaps again
            self.made.found.pop(piece.number, None)
        self.progress.note(piece.weight, result.read, made=made)

    def _raise_first(self) -> None:
        """End at the first problem in the order of the table.

        All pieces before it are done by now: none is taken up after one has a problem.

        Raises:
            RunError: there is one.
        """
        if not self._problems:
            return
        piece, problem = self._problems[min(self._problems)]
        if problem.row is None:
            raise RunError(problem.text)
        self.made.files[piece.number] = piece.name
        row = self.made.row(piece.number, problem.row)
        raise RunError(f"{piece.name}: row {row}: {problem.text}")

    def _check_duplicates(self) -> None:
        """Leave rows out whose id an earlier row has, or end at the first one.

        Raises:
            RunError: there is one, and bad rows are not collected.
        """
        again: dict[int, list[tuple[int, str]]] = defaultdict(list)
        duplicates = self._duplicates()
        if not self.job.collect:
            place, first = min(duplicates, default=(None, None))
            if place is None or first is None:
                return
            name, row = self._where(place)
            raise RunError(f"{name}: row {row}: {self._same_id(first)}")
        for place, first in duplicates:
            again[place[0]].append((self._row(place), self._same_id(first)))
        if again:
            for piece, result in self._each(self._with_left_out(again)):
                self._take(piece, result)
            self._raise_first()

    def _duplicates(self) -> Iterator[tuple[Place, Place]]:
        out, made = self.folder.out, self.made
        parts = (
            (number, ids_of(part_path(out, number, self.job.format)))
            for number in sorted(made.read)
        )
        return find_duplicates(parts, made.scored, out / STATE)

    def _with_left_out(self, again: dict[int, list[tuple[int, str]]]) -> Iterator[Piece]:
        """Pieces that are made again without some rows, beside those left out before."""
        for piece in self.tables.pieces({}):
            if piece.number in again:
                left_out = tuple(again[piece.number])
                yield replace(piece, left_out=left_out, weight=0)

    def _row(self, place: Place) -> int:
        """The row of a piece that is at some position of its part."""
        number, position = place
        record = self.folder.read(number)
        bad = record.bad if record else {}
        rows = np.arange(1, self.made.read[number] + 1)
        return int(np.delete(rows, [row - 1 for row in bad])[position])

    def _where(self, place: Place) -> tuple[str, int]:
        return self.made.files[place[0]], self.made.row(place[0], self._row(place))

    def _same_id(self, place: Place) -> str:
        name, row = self._where(place)
        return same_id(f"the row {row} of {name}")


def check_bad_rows(path: Path) -> None:
    """See that a list of bad rows would replace no table, nor whatever else is there.

    Raises:
        RunError: it would.
        OSError: what is there cannot be read.
    """
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(BAD_ROWS_HEAD)) in (b"", BAD_ROWS_HEAD):
                return
    if path.exists():
        raise RunError(f"{path}: is there, and is no list of bad rows")


def ignored(made: Made) -> list[str]:
    """What is said of columns that are no features, a line a file."""
    return [
        f"{name}: columns that the model does not know are ignored: {first_few(columns)}"
        for name, columns in made.ignored.items()
    ]
