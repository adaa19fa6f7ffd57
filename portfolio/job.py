"""What workers are told, and what is wrong with a run."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Literal, TypeVar

from credit_scoring.decisions.batch_scoring import Explained
from credit_scoring.errors import ScoringError, foreign_code

# What another release of may give other figures.
LIBRARIES = ("scikit-learn", "lightgbm", "numpy", "pandas", "scipy", "shap", "numba")

Format = Literal["parquet", "csv"]
T = TypeVar("T")


class RunError(ScoringError):
    """A run cannot begin or go on; the message is one line."""


@dataclass(frozen=True)
class Job:
    """What every piece has in common: paths and hashes, nothing of the model, nothing of clients.

    Attributes:
        folder: of the model's files, the same path on every machine.
        sha256: of each of these files, by name.
        versions: of the libraries that compute.
        explained: which rows get reasons.
        quickly: whether LightGBM's models are explained by this project's own code.
        out: the folder of parts, the same path on every machine.
        format: of the parts.
        collect: whether bad rows are left out instead of ending the run.
    """

    folder: str
    sha256: Mapping[str, str]
    versions: Mapping[str, str]
    explained: Explained
    quickly: bool
    out: str
    format: Format
    collect: bool

    @property
    def figures(self) -> dict[str, object]:
        """All that decides what a part says of a row."""
        return {
            "model": dict(self.sha256),
            "versions": dict(self.versions),
            "reasons": self.explained,
            "fast_explanations": self.quickly,
            "format": self.format,
        }


@dataclass(frozen=True)
class Piece:
    """Some rows of a table, one after the other.

    Attributes:
        number: of the piece among those of all tables.
        name: of its file, as whoever started the run called it.
        path: of its file, the same on every machine.
        header: the names of the file's columns.
        sha256: of a CSV file up to where it was read to find the end, or of a Parquet file.
        stamp: of the file when it was cut, see `stamp_of`.
        start: the first byte, or the first row among those of `groups`.
        length: bytes or rows.
        groups: row groups of a Parquet file; none of a CSV file.
        left_out: rows that are not scored, counted from 1, and why.
        weight: bytes of the file that it accounts for.
    """

    number: int
    name: str
    path: str
    header: tuple[str, ...]
    sha256: str
    stamp: tuple[int, int]
    start: int
    length: int
    groups: tuple[int, ...] = ()
    left_out: tuple[tuple[int, str], ...] = ()
    weight: int = 0

    @property
    def key(self) -> list[object]:
        """What makes it this piece and no other."""
        return [Path(self.name).name, self.sha256, self.start, self.length, list(self.groups)]


@dataclass(frozen=True)
class Problem:
    """Why a piece was not scored.

    Attributes:
        text: one line; about a row, without the file and its number.
        row: of the piece, counted from 1; None where it is about all of it.
    """

    text: str
    row: int | None = None


@cache
def installed() -> Mapping[str, str]:
    """The releases of the libraries that compute."""
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "none"
    return found | {"credit-scoring": own_hash()}


def own_hash() -> str:
    """The SHA-256 of this project's own code that computes, in short."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for room in ("batch", "credit_scoring"):
        for file in sorted((root / room).glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def stamp_of(found: os.stat_result) -> tuple[int, int]:
    """What of a file differs once it was written to: its size and the time."""
    return found.st_size, found.st_mtime_ns


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def guarded(file: str, problem: Callable[[BaseException], str], items: Iterator[T]) -> Iterator[T]:
    """The same items; what is raised while one is made is a `BadFile`, see `foreign_code`."""
    while True:
        with foreign_code(file, problem):
            found = list(islice(items, 1))
        if not found:
            return
        yield found[0]
