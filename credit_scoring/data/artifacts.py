"""Names and hashes of a bundle's files, and the content of `model.json`."""

import csv
import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from credit_scoring.errors import BadFile, abridged, foreign_code

MODEL_FILE = "model.joblib"
SKOPS_FILE = "model.skops"  # the same without code: in its place, or beside it
REFERENCE_FILE = "train_samp.csv"
NEW_FILE = "test_samp.csv"
METADATA_FILE = "model.json"
FEATURES_FILE = "features.csv"
REQUIREMENTS_FILE = "requirements.txt"  # packages that the model needs; startup.sh reads it
MODEL_FILES = (MODEL_FILE, SKOPS_FILE)  # the first that is in the folder is opened
FILES = (*MODEL_FILES, REFERENCE_FILE, NEW_FILE, METADATA_FILE, FEATURES_FILE)
OPTIONAL_FILES = (METADATA_FILE, FEATURES_FILE)

ID = "SK_ID_CURR"
TARGET = "TARGET"
PROBA = "proba"
NOT_FEATURES = frozenset({ID, TARGET, PROBA})
UNNAMED = re.compile(r"(Unnamed: \d+(\.\d+)*)?")  # pandas' name for a column without a name

DEFAULT_THRESHOLD = 0.40

# Errors of pandas and the standard library for a file that is not a table.
NOT_A_TABLE = (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error, UnicodeError)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Metadata:
    """The content of ``model.json``.

    Attributes:
        content: a JSON object; empty if there is no such file.
        sha256: of the file; None if there is no such file.
    """

    content: Mapping[str, Any]
    sha256: str | None


def read_metadata(path: Path) -> Metadata:
    """Read ``model.json``.

    Raises:
        BadFile: the file is not a JSON object, its threshold is not a probability, its default
            class is neither a number nor a text, or its hashes are not texts.
    """
    metadata: dict[str, Any] = {}
    sha256 = None
    with foreign_code(path.name, unreadable):
        try:
            text = path.read_bytes()
            sha256 = hashlib.sha256(text).hexdigest()
            metadata = orjson.loads(text)
        except FileNotFoundError:
            log.warning("%s: absent, the threshold is %.2f", path.name, DEFAULT_THRESHOLD)
        except orjson.JSONDecodeError as error:
            raise BadFile(path.name, f"is not JSON: {error}") from error
    if not isinstance(metadata, dict):
        raise BadFile(path.name, "is not a JSON object")
    threshold, hashes = metadata.get("threshold", 0), metadata.get("sha256", {})
    if type(threshold) not in (float, int) or not 0 <= threshold <= 1:
        raise BadFile(path.name, "threshold is not a probability")
    if type(metadata.get("default_class", 1)) not in (int, float, str, bool):
        raise BadFile(path.name, "default_class is neither a number nor a text")
    if not isinstance(hashes, dict) or not all(isinstance(sha, str) for sha in hashes.values()):
        raise BadFile(path.name, "sha256 is not an object of file names and hashes")
    return Metadata(metadata, sha256)


def check_hash(file: str, sha256: str, expected: str | None) -> None:
    """Compare a file's SHA-256 with the expected one, if there is one.

    Raises:
        BadFile: they differ.
    """
    if expected is not None and sha256 != expected.lower():
        raise BadFile(file, f"its SHA-256 is {sha256}, expected {abridged(expected)}")


def check_listed(file: str, sha256: str, hashes: Mapping[str, str]) -> None:
    """Compare a file's SHA-256 with that of ``model.json``, which must list it if it lists any.

    Args:
        file: a file of code, or one that replaces another.
        sha256: its hash.
        hashes: those of ``model.json``.

    Raises:
        BadFile: they differ, or this file alone has no hash.
    """
    if hashes and file not in hashes:
        raise BadFile(file, f"{METADATA_FILE} has hashes of other files and none of this one")
    check_hash(file, sha256, hashes.get(file))


def is_feature(column: str) -> bool:
    """True for a column that has a name and holds neither id, class nor stored probability."""
    return column not in NOT_FEATURES and not UNNAMED.fullmatch(column)


def unreadable(error: BaseException) -> str:
    """The problem with a file, given the error that reading it raised.

    The text of an error from other code may hold a client's value: the problem names only its kind.
    """
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    if isinstance(error, NOT_A_TABLE):
        return f"is not a CSV table: {abridged(error)}"
    return f"cannot be read ({type(error).__name__})"
