"""The folder that the service loads: written beside, loaded, then moved into place."""

import hashlib
import io
import json
import logging
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import pandas as pd
import skops.io
from skops.io.exceptions import UnsupportedTypeException

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    METADATA_FILE,
    MODEL_FILE,
    MODEL_FILES,
    NEW_FILE,
    REFERENCE_FILE,
    REQUIREMENTS_FILE,
    SKOPS_FILE,
)
from credit_scoring.data.opening.skops_file import open_skops
from credit_scoring.data.table_files.csv_tables import quoting_of
from credit_scoring.errors import BadFile, describe
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.loader import load
from training.adopt.environment.service_model import write_files
from training.adopt.source.model_source import ModelSource


@dataclass(frozen=True, eq=False)
class FolderContent:
    """The files of a folder beside its model.

    Attributes:
        metadata: the content of ``model.json`` without the hashes.
        reference: the reference population, with outcome and the makers' probability.
        new: the new clients.
        features: the content of ``features.csv``.
        requirements: lines of ``requirements.txt``; none if the service has all that is needed.
        modules: of the team, by file name.
    """

    metadata: Mapping[str, Any]
    reference: pd.DataFrame
    new: pd.DataFrame
    features: bytes
    requirements: list[str]
    modules: Mapping[str, bytes]


@dataclass(frozen=True, eq=False)
class ServedFolder:
    """A folder that the service has loaded.

    Attributes:
        bundle: as the service loaded it.
        model_file: the name of the model file.
        metadata: the content of ``model.json``.
        notes: lines, among them the warnings of the service.
    """

    bundle: Bundle
    model_file: str
    metadata: Mapping[str, Any]
    notes: list[str] = field(default_factory=list)


class ModelFiles(NamedTuple):
    """Contents of the model file.

    Attributes:
        contents: by the names under which it may be served, the best first.
        reason: why ``model.skops`` is not among them, or an empty text.
    """

    contents: Mapping[str, bytes]
    reason: str = ""


def model_files(source: ModelSource, model: Any, with_joblib: bool) -> ModelFiles:
    """The content of the model file.

    A pickle keeps its bytes as ``model.joblib``. Without `with_joblib`, a file that runs no code is
    tried before: ``model.skops``.

    Args:
        source: the team's file.
        model: the object in it, as the service opens it.
        with_joblib: true if only ``model.joblib`` is wanted.
    """
    if source.format == "skops":
        return ModelFiles({SKOPS_FILE: source.content})
    stored = source.content if source.format == "pickle" else as_joblib(model)
    if with_joblib:
        return ModelFiles({MODEL_FILE: stored})
    content, reason = as_skops(model)
    return ModelFiles({**content, MODEL_FILE: stored}, reason)


def as_joblib(model: Any) -> bytes:
    """The content of ``model.joblib``."""
    stored = io.BytesIO()
    joblib.dump(model, stored, compress=3)
    return stored.getvalue()


def as_skops(model: Any) -> tuple[dict[str, bytes], str]:
    """The content of ``model.skops`` by its name, or nothing and why."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            content = skops.io.dumps(model)
        except (UnsupportedTypeException, TypeError, ValueError, AttributeError) as error:
            return {}, f"skops cannot write it ({describe(error)})"
    try:
        open_skops(SKOPS_FILE, content, {})
    except BadFile as error:
        return {}, str(error)
    return {SKOPS_FILE: content}, ""


def write_served(out: Path, models: ModelFiles, content: FolderContent) -> ServedFolder:
    """Write a folder's files if the service loads them. Other files of the folder stay as they are.

    Args:
        out: an existing folder.
        models: see `model_files`; the first that the service loads is taken.
        content: the other files.

    Raises:
        BadFile: the service loads none of the models, or a client's probability there is not that
            of its makers; no file of the folder was changed.
        OSError: a file cannot be written.
    """
    reason = models.reason
    for number, (name, model) in enumerate(models.contents.items(), start=1):
        with tempfile.TemporaryDirectory(prefix=".adopt-", dir=out) as folder:
            metadata = _write(Path(folder), name, model, content)
            try:
                bundle, notes = _loaded(Path(folder))
            except BadFile as error:
                if number == len(models.contents):
                    raise
                reason = str(error)
                continue
            _move(Path(folder), out, name, [*metadata["sha256"]], content)
        if reason:
            notes.insert(0, f"the model is a pickle, {name}, because {reason}")
        return ServedFolder(bundle, name, metadata, notes)
    raise BadFile(MODEL_FILE, "is missing")


def _write(folder: Path, name: str, model: bytes, content: FolderContent) -> dict[str, Any]:
    files = {name: model, **content.modules, FEATURES_FILE: content.features}
    write_files(folder, files)
    for file, table in ((REFERENCE_FILE, content.reference), (NEW_FILE, content.new)):
        quoting = quoting_of(table)
        table.to_csv(folder / file, index=False, lineterminator="\n", quoting=quoting)
    hashed = (name, *content.modules, REFERENCE_FILE, NEW_FILE, FEATURES_FILE)
    hashes = {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in hashed}
    metadata = {**content.metadata, "sha256": hashes}
    text = json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"
    (folder / METADATA_FILE).write_text(text, encoding="utf-8")
    if content.requirements:
        text = "\n".join(content.requirements) + "\n"
        (folder / REQUIREMENTS_FILE).write_text(text, encoding="utf-8")
    return metadata


def _move(out_of: Path, out: Path, name: str, hashed: list[str], content: FolderContent) -> None:
    """Move the files, the hashes first: a service that starts meanwhile refuses the mixture."""
    for file in MODEL_FILES:
        if file != name:
            (out / file).unlink(missing_ok=True)
    requirements = [REQUIREMENTS_FILE] if content.requirements else []
    if not requirements:
        (out / REQUIREMENTS_FILE).unlink(missing_ok=True)
    for file in (METADATA_FILE, *hashed, *requirements):
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        (out_of / file).replace(out / file)


class _Kept(logging.Handler):
    """Keeps the warnings of the service."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _loaded(folder: Path) -> tuple[Bundle, list[str]]:
    """The folder as the service loads it, and its warnings."""
    kept, log = _Kept(), logging.getLogger("credit_scoring")
    propagates = log.propagate
    log.addHandler(kept)
    log.propagate = False
    try:
        return load(folder), kept.lines
    finally:
        log.removeHandler(kept)
        log.propagate = propagates
