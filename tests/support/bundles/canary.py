"""A pickle that writes a file when it is opened."""

from pathlib import Path
from typing import Any

import joblib

from credit_scoring.data.artifacts import MODEL_FILE


class Canary:
    """A pickle that writes a file when it is opened, which shows that it was opened."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


def put_canary(folder: Path) -> None:
    """Put a canary in place of the model; opened, it writes `sang` beside the folder."""
    joblib.dump(Canary(folder.parent / "sang"), folder / MODEL_FILE)
