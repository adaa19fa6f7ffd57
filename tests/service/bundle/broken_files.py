"""Ways to break the files of a folder, with the problem that the service reports for each."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

import joblib
import pandas as pd

from credit_scoring.data.artifacts import METADATA_FILE, MODEL_FILE, NEW_FILE, REFERENCE_FILE
from tests.support.bundles.canary import put_canary
from tests.support.bundles.folders import without_probabilities, write_metadata


def half_copied(folder: Path) -> None:
    os.truncate(folder / MODEL_FILE, (folder / MODEL_FILE).stat().st_size // 2)


def flipped_byte(folder: Path) -> None:
    content = bytearray((folder / MODEL_FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / MODEL_FILE).write_bytes(content)


def half_copied_without_hashes(folder: Path) -> None:
    half_copied(folder)
    write_metadata(folder, sha256={})


def flipped_byte_without_hashes(folder: Path) -> None:
    flipped_byte(folder)
    write_metadata(folder, sha256={})


def half_a_row(folder: Path) -> None:
    content = (folder / NEW_FILE).read_bytes()
    (folder / NEW_FILE).write_bytes(content[: content.rindex(b",")])
    write_metadata(folder, sha256={})


def renamed_feature(folder: Path) -> None:
    new = pd.read_csv(folder / NEW_FILE, index_col=0)
    new.columns = [*new.columns[:-1], "RENAMED"]
    new.to_csv(folder / NEW_FILE)
    write_metadata(folder)


def another_scikit_learn_without_proof(folder: Path) -> None:
    pipeline = joblib.load(folder / MODEL_FILE)
    with mock.patch("sklearn.base.__version__", "1.0.2"):
        joblib.dump(pipeline, folder / MODEL_FILE)
    without_probabilities(folder)
    write_metadata(folder)


def missing_file(folder: Path) -> None:
    (folder / REFERENCE_FILE).unlink()


def metadata_gone(folder: Path) -> None:
    (folder / METADATA_FILE).unlink()


# By damage: the function that does it, and the start of the problem that the service reports.
BROKEN: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "half copied": (half_copied, "model.joblib: its SHA-256 is "),
    "one byte flipped": (flipped_byte, "model.joblib: its SHA-256 is "),
    "half copied, no hashes": (half_copied_without_hashes, "model.joblib: ends early: "),
    "one byte flipped, no hashes": (
        flipped_byte_without_hashes,
        "model.joblib: is compressed and damaged: ",
    ),
    "half a row": (half_a_row, "test_samp.csv: row "),
    "a feature renamed": (renamed_feature, "test_samp.csv: lacks features of train_samp.csv: "),
    "another scikit-learn": (
        another_scikit_learn_without_proof,
        "model.joblib: was written by scikit-learn 1.0.2 (",
    ),
    "a file missing": (missing_file, "train_samp.csv: cannot be read: No such file or directory"),
    "model.json gone": (metadata_gone, "model.json: was there and is gone; "),
    "canary": (put_canary, "model.joblib: its SHA-256 is "),
}
