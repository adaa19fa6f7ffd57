"""A team's model, opened by the libraries of the service."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.model_file import read_model
from credit_scoring.data.opening.skops_file import open_skops
from credit_scoring.data.table_files.column_types import FittedInput
from credit_scoring.errors import describe, foreign_code, naming
from credit_scoring.model.containers.fitted_model import open_model
from credit_scoring.model.transformers.fitted_inputs import fitted_inputs
from training.adopt.environment.model_formats import open_file
from training.adopt.source.model_source import ModelSource


def open_here(source: ModelSource, modules: Mapping[str, bytes]) -> Any:
    """The object in a model file.

    Args:
        source: the team's file.
        modules: files with classes of the team, by name.

    Raises:
        BadFile: the service cannot open it.
    """
    if source.format == "skops":
        return open_skops(source.path.name, source.content, {})
    with tempfile.TemporaryDirectory(prefix="adopt-") as name:
        folder = Path(name)
        if source.format == "pickle":
            write_files(folder, {MODEL_FILE: source.content, **modules})
            with naming(MODEL_FILE, source.path.name):
                return read_model(folder, {}).model
        path = folder / f"model{source.path.suffix}"
        path.write_bytes(source.content)
        with foreign_code(source.path.name, lambda error: f"cannot be opened: {describe(error)}"):
            return open_file(source.format, path)


def recorded_types(
    name: str, model: Any, columns: Sequence[str], classes: Sequence[Any]
) -> Mapping[str, FittedInput]:
    """The types of the columns that a model was fitted on, as far as it records them.

    Args:
        name: of the model file.
        model: as `open_here` gives it.
        columns: that the model takes.
        classes: of the model.

    Raises:
        BadFile: the service cannot take the model apart.
    """
    with (
        naming(MODEL_FILE, name),
        foreign_code(MODEL_FILE, lambda error: f"cannot be followed: {describe(error)}"),
    ):
        transformer, classifier = open_model(model, columns, classes[-1]).pipeline
        return fitted_inputs(transformer, classifier, columns)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, with the folders that their names have."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
