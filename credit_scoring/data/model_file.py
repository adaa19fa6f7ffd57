"""The model file of a folder, hashed and then opened: an object, and the versions that wrote it."""

import hashlib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning

from credit_scoring.data.artifacts import (
    MODEL_FILES,
    SKOPS_FILE,
    check_hash,
    check_listed,
    unreadable,
)
from credit_scoring.data.bundle_files import model_file_in
from credit_scoring.data.opening.libraries import installed_version
from credit_scoring.data.opening.pickle_file import unpickle
from credit_scoring.data.opening.team_modules import TeamModules
from credit_scoring.errors import foreign_code


@dataclass(frozen=True, eq=False)
class ModelFile:
    """An opened model file.

    Attributes:
        name: ``model.joblib`` or ``model.skops``.
        model: the object in it, of any type.
        sha256: the file's hash.
        written_by: the libraries that wrote the file in another version than the installed one,
            and the version that the file records; empty if all versions agree or none is recorded.
        modules: the hashes of the makers' module files that the model uses, by their names in the
            folder.
    """

    name: str
    model: Any
    sha256: str
    written_by: Mapping[str, str]
    modules: Mapping[str, str]


def read_model(
    folder: Path, hashes: Mapping[str, str], model_sha256: str | None = None
) -> ModelFile:
    """Open ``model.joblib`` if the folder has it, else ``model.skops``.

    No byte of the file is opened before its hash is known to be right. Both files are of one model:
    if both are there, the hash of the other one is compared too. Warnings of the libraries that
    read the file are dropped, except those that tell a version.

    Args:
        folder: holds the model, and perhaps modules of its makers.
        hashes: those of ``model.json``, by file name. If there are any, ``model.skops`` and modules
            must be among them, and ``model.joblib`` if ``model.skops`` is.
        model_sha256: the SHA-256 that the file must have as well, whatever ``model.json`` says.

    Raises:
        BadFile: the file is missing, has another hash, is of another format, or cannot be opened
            here; or a module cannot be used. The message says the next step.
    """
    name = model_file_in(folder)
    content = _content(folder, name)
    sha256 = hashlib.sha256(content).hexdigest()
    # Otherwise a file that somebody puts beside the listed one would be opened in its place.
    if name == SKOPS_FILE or SKOPS_FILE in hashes:
        check_listed(name, sha256, hashes)
    check_hash(name, sha256, hashes.get(name))
    check_hash(name, sha256, model_sha256)
    for other in MODEL_FILES:
        if other != name and other in hashes and (folder / other).exists():
            other_sha256 = hashlib.sha256(_content(folder, other)).hexdigest()
            check_hash(other, other_sha256, hashes[other])
    modules = TeamModules(folder, hashes)
    written_by: dict[str, str] = {}
    with _noting_versions(written_by):
        if name == SKOPS_FILE:
            # skops takes a second and 30 MB: only a folder that has such a file pays them.
            from credit_scoring.data.opening.skops_file import open_skops

            model = open_skops(name, content, written_by)
        else:
            model = unpickle(name, content, modules, written_by)
    return ModelFile(name, model, sha256, _differing(written_by), modules.sha256)


def _content(folder: Path, name: str) -> bytes:
    with foreign_code(name, unreadable):
        return (folder / name).read_bytes()


@contextmanager
def _noting_versions(written_by: dict[str, str]) -> Iterator[None]:
    """Keep warnings from the log, and note the versions of scikit-learn that they tell."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        if isinstance(warning.message, InconsistentVersionWarning):
            written_by.setdefault("scikit-learn", warning.message.original_sklearn_version)


def _differing(written_by: Mapping[str, str]) -> dict[str, str]:
    """The libraries whose installed version is another one."""
    return {
        name: wrote
        for name, wrote in written_by.items()
        if not f"{installed_version(name)}.".startswith(f"{wrote}.")
    }
