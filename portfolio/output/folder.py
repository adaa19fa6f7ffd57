"""The output folder: the run that it belongs to, and the parts that exist."""

import contextlib
import fcntl
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_scoring.errors import abridged
from portfolio.job import Job, RunError
from portfolio.output.atomic_file import replacing
from portfolio.output.part import STATE, PartRecord, part_path, record_path
from portfolio.tables.chunk import Chunk

RUN = "run.json"
LOCK = "lock"
SUMMARY = "summary.json"
REPORT = "report.html"
DIFFERENCES = {
    "model": "another model",
    "versions": "another version of this code or its libraries",
    "reasons": "other --reasons",
    "format": "another --format",
    "fast_explanations": "another FAST_EXPLANATIONS",
    "files": "another table",
}


@dataclass(frozen=True)
class Folder:
    """A folder that only this run writes into.

    Attributes:
        path: of the folder.
        name: the path as the user typed it.
        job: of the run.
    """

    path: Path
    name: str
    job: Job

    def finished(self, chunk: Chunk) -> PartRecord | None:
        """Return the record of a chunk's part file, or None if the part has to be made.

        Raises:
            RunError: the part was made of another table.
        """
        record = self.read(chunk.number)
        if record is None or record.job_key != self.job.key:
            return None
        if list(record.chunk_key) != chunk.key:
            raise RunError(
                f"{chunk.file}: has changed since {self.name} was started:"
                " --again makes all of it again"
            )
        part = self.part(chunk.number)
        return record if part.exists() and part.stat().st_size == record.bytes else None

    def part(self, number: int) -> Path:
        """Path of a part file."""
        return part_path(self.path, number, self.job.format)

    def read(self, number: int) -> PartRecord | None:
        """Read the record of a part; None if it is missing or broken."""
        try:
            return PartRecord.from_json(json.loads(record_path(self.path, number).read_bytes()))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def records(self, parts: int) -> Iterator[PartRecord]:
        """Read the records of all parts, in their order.

        Raises:
            RunError: a record is missing.
        """
        for number in range(parts):
            record = self.read(number)
            if record is None or record.job_key != self.job.key:
                raise RunError(f"{self.name}: part {number} is missing")
            yield record

    def write(self, file: str, text: str) -> None:
        """Write a file of the folder.

        Raises:
            BadFile: it cannot be written.
        """
        with replacing(self.path / file) as aside:
            aside.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def open_folder(name: str, job: Job, sizes: Mapping[str, int], *, again: bool) -> Iterator[Folder]:
    """Open the output folder of a job, and lock it for this run while the block runs.

    Args:
        name: of the folder as the user typed it; it is made if it does not exist.
        job: of the run.
        sizes: bytes of the table's files, by name.
        again: true if the parts of an earlier run are removed.

    Raises:
        RunError: the folder has other files, another run writes into it, or it was made with
            another model, table or option.
        BadFile: it cannot be written.
        OSError: it cannot be read or locked.
    """
    out = Path(job.out)
    state = out / STATE
    if out.exists() and not out.is_dir():
        raise RunError(f"{name}: is not a folder")
    if out.exists() and any(out.iterdir()) and not (state / LOCK).exists():
        raise RunError(f"{name}: contains files that this command did not make")
    state.mkdir(parents=True, exist_ok=True)
    with (state / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(f"{name}: another run writes into it") from error
        for aside in (*out.glob(".part-*"), *state.glob(".*")):  # of runs that were killed
            aside.unlink(missing_ok=True)
        folder = Folder(out, name, job)
        wanted = job.settings | {"files": [[Path(file).name, sizes[file]] for file in sizes]}
        if again:
            _remove_parts(out)
        elif differences := _differences(state / RUN, wanted):
            raise RunError(f"{name}: was made with {differences}: --again makes all of it again")
        folder.write(f"{STATE}/{RUN}", json.dumps(wanted, indent=1) + "\n")
        for file in (SUMMARY, REPORT):  # of an earlier run
            (out / file).unlink(missing_ok=True)
        yield folder


def _differences(run: Path, wanted: Mapping[str, Any]) -> str:
    """Name the settings in which an earlier run differs; empty without an earlier run."""
    try:
        earlier = json.loads(run.read_bytes())
    except FileNotFoundError:
        return ""
    except ValueError:
        return "another version of this command"
    names = [name for name in wanted if earlier.get(name) != wanted[name]]
    return " and ".join(DIFFERENCES.get(name, abridged(name)) for name in names)


def _remove_parts(out: Path) -> None:
    """Remove parts and their records, and nothing else."""
    for record in (out / STATE).glob("part-*.json"):
        for part in out.glob(f"{record.stem}.*"):
            part.unlink()
        record.unlink()
