"""Names and hashes of a bundle's files, the content of `model.json`, and the unpickled pipeline."""

import csv
import hashlib
import io
import logging
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import orjson
import pandas as pd
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

from credit_scoring.errors import BadFile, abridged, describe, foreign_code

MODEL_FILE = "model.joblib"
REFERENCE_FILE = "train_samp.csv"
NEW_FILE = "test_samp.csv"
METADATA_FILE = "model.json"
FEATURES_FILE = "features.csv"
FILES = (MODEL_FILE, REFERENCE_FILE, NEW_FILE, METADATA_FILE, FEATURES_FILE)
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


def read_metadata(path: Path) -> dict[str, Any]:
    """The content of ``model.json``, with the default threshold if it gives none.

    Raises:
        BadFile: the file is not a JSON object, its threshold is not a probability, or its hashes
            are not texts.
    """
    metadata: dict[str, Any] = {}
    with foreign_code(path.name, unreadable):
        try:
            metadata = orjson.loads(path.read_bytes())
        except FileNotFoundError:
            log.warning("%s: absent, the threshold is %.2f", path.name, DEFAULT_THRESHOLD)
        except orjson.JSONDecodeError as error:
            raise BadFile(path.name, f"is not JSON: {error}") from error
    if not isinstance(metadata, dict):
        raise BadFile(path.name, "is not a JSON object")
    metadata = {"threshold": DEFAULT_THRESHOLD, **metadata}
    threshold, hashes = metadata["threshold"], metadata.get("sha256", {})
    if type(threshold) not in (float, int) or not 0 <= threshold <= 1:
        raise BadFile(path.name, "threshold is not a probability")
    if not isinstance(hashes, dict) or not all(isinstance(sha, str) for sha in hashes.values()):
        raise BadFile(path.name, "sha256 is not an object of file names and hashes")
    return metadata


def read_pipeline(path: Path, expected: Sequence[str | None]) -> tuple[Pipeline, str]:
    """The pipeline, unpickled only from bytes that have every expected hash; and its SHA-256.

    Raises:
        BadFile: the file has another hash, cannot be unpickled, or is not a pipeline of a
            transformer and a classifier of the classes 0 and 1.
    """
    with foreign_code(path.name, unreadable):
        content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    for known in expected:
        check_hash(path.name, sha256, known)
    with foreign_code(path.name, _unpickling), warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        pipeline = joblib.load(io.BytesIO(content))
    with foreign_code(path.name, lambda error: f"is no Pipeline to use: {describe(error)}"):
        _check_pipeline(path.name, pipeline)
    return pipeline, sha256


def check_hash(file: str, sha256: str, expected: str | None) -> None:
    """Compare a file's SHA-256 with the expected one, if there is one.

    Raises:
        BadFile: they differ.
    """
    if expected is not None and sha256 != expected.lower():
        raise BadFile(file, f"its SHA-256 is {sha256}, expected {abridged(expected)}")


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


def _unpickling(error: BaseException) -> str:
    if isinstance(error, InconsistentVersionWarning):
        return (
            f"was pickled by scikit-learn {error.original_sklearn_version},"
            f" {error.current_sklearn_version} is installed"
        )
    return f"cannot be unpickled: {describe(error)}"


def _check_pipeline(file: str, pipeline: object) -> None:
    if not isinstance(pipeline, Pipeline) or len(getattr(pipeline, "steps", ())) != 2:
        raise BadFile(file, "is not a scikit-learn Pipeline of two steps")
    if not hasattr(pipeline[0], "transform") or not hasattr(pipeline[1], "predict_proba"):
        raise BadFile(file, "is not a Pipeline of a transformer and a classifier")
    if not np.array_equal(getattr(pipeline[1], "classes_", []), [0, 1]):
        raise BadFile(file, "its classifier is not fitted on the classes 0 and 1")
