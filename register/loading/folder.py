"""`LoadFolder`: the files to be loaded."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from credit_scoring.data.artifacts import unreadable
from credit_scoring.errors import BadFile

DECISIONS = re.compile(r"decisions-(\d{1,4})\.ndjson", re.ASCII)
REQUESTS, REVIEWS = "requests.ndjson", "reviews.ndjson"


@dataclass(frozen=True)
class DecisionFile:
    """Decisions, and the files of the model that took them.

    Attributes:
        path: of ``decisions-N.ndjson``.
        bundle: the folder ``ressources-N``.
    """

    path: Path
    bundle: Path


@dataclass(frozen=True)
class LoadFolder:
    """A folder to be loaded.

    Attributes:
        decisions: by number.
        requests, reviews: files that may be missing.
    """

    decisions: Sequence[DecisionFile]
    requests: Path
    reviews: Path

    @classmethod
    def of(cls, path: Path) -> "LoadFolder":
        """The files of a folder.

        Raises:
            BadFile: it cannot be read, or lacks decisions or a model.
        """
        try:
            numbers = sorted(
                int(found[1])
                for file in path.iterdir()
                if (found := DECISIONS.fullmatch(file.name))
            )
        except OSError as error:
            raise BadFile(str(path), unreadable(error)) from error
        if not numbers:
            raise BadFile(str(path), "has no file decisions-1.ndjson")
        files = [
            DecisionFile(path / f"decisions-{number}.ndjson", path / f"ressources-{number}")
            for number in numbers
        ]
        for file in files:
            if not file.path.is_file() or not file.bundle.is_dir():
                raise BadFile(
                    file.path.name, f"needs the model's files beside it, in {file.bundle.name}"
                )
        return cls(files, path / REQUESTS, path / REVIEWS)
