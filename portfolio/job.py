"""The job that workers are given, and the problems that end a run."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from credit_scoring import environment
from credit_scoring.decisions.batch_scoring import Explained
from credit_scoring.errors import ScoringError

PACKAGES = ("credit_scoring", "portfolio")  # their code decides the figures of a part file

Format = Literal["parquet", "csv"]


class RunError(ScoringError):
    """A run cannot begin or continue; the message is one line."""


@dataclass(frozen=True)
class Job:
    """Paths, hashes and options that all chunks have in common.

    Attributes:
        folder: of the bundle, the same path on every machine.
        model_file: the name of the model file.
        sha256: of each file of the bundle, by name, and of modules that the model may import.
        versions: of the libraries that compute.
        explained: rows that get reasons.
        fast_explanations: true if LightGBM's trees are explained by this project's own code.
        out: the output folder, the same path on every machine.
        format: of the part files.
        collects_bad_rows: true if bad rows are left out, false if the first one ends the run.
    """

    folder: str
    model_file: str
    sha256: Mapping[str, str]
    versions: Mapping[str, str]
    explained: Explained
    fast_explanations: bool
    out: str
    format: Format
    collects_bad_rows: bool

    @property
    def settings(self) -> dict[str, object]:
        """All that decides the figures of a row, as JSON stores it."""
        return {
            "model": dict(self.sha256),
            "versions": dict(self.versions),
            "reasons": self.explained,
            "fast_explanations": self.fast_explanations,
            "format": self.format,
        }

    @cached_property
    def key(self) -> str:
        """Hash of the settings."""
        return hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Problem:
    """The reason why a chunk was not scored.

    Attributes:
        text: one line; without the file and the row number if it is about a row.
        row: of the chunk, counted from 1; None if the problem is not about a row.
    """

    text: str
    row: int | None = None


def installed() -> Mapping[str, str]:
    """Releases of the libraries that compute, and a hash of this project's code."""
    return environment.installed(PACKAGES)


def sha256_of(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
