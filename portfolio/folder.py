"""The folder of parts: whose it is, and what is there already."""

import contextlib
import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_scoring.errors import abridged
from portfolio.job import Job, Piece, RunError
from portfolio.parts import STATE, Record, part_path, record_path, written

RUN = "run.json"
LOCK = "lock"
SUMMARY = "summary.json"
REPORT = "report.html"
SAID = {
    "model": "another model",
    "versions": "another version of this code or its libraries",
    "reasons": "other --reasons",
    "format": "another --format",
    "fast_explanations": "another FAST_EXPLANATIONS",
    "files": "another table",
}


@dataclass(frozen=True)
class Folder:
    """A folder that this run alone writes into.

    Attributes:
        out: the folder.
        name: as whoever started the run called it.
        figures: the hash of what decides the figures of a part.
    """

    out: Path
    name: str
    figures: str

    def record(self, piece: Piece, job: Job) -> Record | None:
        """What is known of a piece's part, if it was made; None if it has to be.

        Raises:
            RunError: the table is another one than that of the part.
        """
        record = self.read(piece.number)
        if record is None or record.figures != self.figures:
            return None
        if list(record.key) != piece.key:
            raise RunError(
                f"{piece.name}: is not what it was when {self.name} was begun:"
                " --again makes all of it again"
            )
        part = part_path(self.out, piece.number, job.format)
        return record if part.exists() and part.stat().st_size == record.bytes else None

    def read(self, number: int) -> Record | None:
        """What is known of a part; None where nothing is."""
        try:
            text = record_path(self.out, number).read_bytes()
            return Record.of_json(json.loads(text))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def records(self, parts: int) -> Iterator[Record]:
        """What is known of all parts, in their order.

        Raises:
            RunError: one is missing.
        """
        for number in range(parts):
            record = self.read(number)
            if record is None or record.figures != self.figures:
                raise RunError(f"{self.name}: part {number} is missing")
            yield record

    def write(self, file: str, text: str) -> None:
        """Write a file of the folder.

        Raises:
            BadFile: it cannot be written.
        """
        with written(self.out / file) as aside:
            aside.write_text(text, encoding="utf-8")

    def write_json(self, file: str, figures: Mapping[str, Any]) -> None:
        """Write a file of JSON.

        Raises:
            BadFile: it cannot be written.
        """
        self.write(file, json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


@contextlib.contextmanager
def open_folder(
    out: Path, name: str, job: Job, sizes: Mapping[str, int], *, again: bool
) -> Iterator[Folder]:
    """The folder of a job, kept for this run alone while the block runs.

    Args:
        out: the folder; made where there is none.
        name: as whoever started the run called it.
        job: of the run.
        sizes: bytes of the table's files, by name.
        again: whether what is there of another run is removed.

    Raises:
        RunError: it is not a folder of this command, another run writes into it, or it was made
            with another model, table or option.
        BadFile: it cannot be written.
        OSError: the same.
    """
    if out.exists() and not out.is_dir():
        raise RunError(f"{name}: is not a folder")
    state = out / STATE
    if out.exists() and any(out.iterdir()) and not (state / LOCK).exists():
        raise RunError(f"{name}: holds files that are not of this command")
    state.mkdir(parents=True, exist_ok=True)
    with (state / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(f"{name}: another run writes into it") from error
        for aside in (*out.glob(".part-*"), *state.glob(".*")):  # of runs that were killed
            aside.unlink(missing_ok=True)
        figures = hashlib.sha256(json.dumps(job.figures, sort_keys=True).encode()).hexdigest()
        folder = Folder(out, name, figures)
        wanted = job.figures | {"files": [[Path(file).name, sizes[file]] for file in sizes]}
        if again:
            _remove(out)
        elif (differing := _differing(state / RUN, wanted)) is not None:
            raise RunError(f"{name}: was made with {differing}: --again makes all of it again")
        folder.write(f"{STATE}/{RUN}", json.dumps(wanted, indent=1) + "\n")
        for file in (SUMMARY, REPORT):  # what they say is not true any more
            (out / file).unlink(missing_ok=True)
        yield folder


def _differing(run: Path, wanted: Mapping[str, Any]) -> str | None:
    """With what else a folder was begun; None where with the same, or not at all."""
    try:
        begun = json.loads(run.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        return "another version of this command"
    # JSON has lists where Python may have tuples.
    wanted = json.loads(json.dumps(wanted))
    differing = [name for name in wanted if begun.get(name) != wanted[name]]
    return " and ".join(SAID.get(name, abridged(name)) for name in differing) or None


def _remove(out: Path) -> None:
    """Remove what runs have made: parts and their records, and nothing else."""
    for record in (out / STATE).glob("part-*.json"):
        for part in out.glob(f"{record.stem}.*"):
            part.unlink()
        record.unlink()
