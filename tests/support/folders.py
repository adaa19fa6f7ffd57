"""Folders for the service to load: another model of the same clients, and broken ones."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

import joblib
import numpy as np
import pandas as pd
from lightgbm import Booster

from credit_scoring.data.artifacts import ID, METADATA_FILE, MODEL_FILE, NEW_FILE, REFERENCE_FILE

EXPLAINED = 150  # reference clients, where an explanation takes long
FIRST_ID = 7_000_000_000_001  # of clients who would be recognised wherever they are told


class Files(Protocol):
    """A folder: a path, or what has one."""

    def __truediv__(self, name: str) -> Path:
        """The path of a file in it."""


def put(source: Path, folder: Path) -> None:
    """Replace files as the README asks: each renamed into place, model.json first."""
    for name in (METADATA_FILE, MODEL_FILE, REFERENCE_FILE, NEW_FILE):
        if not (source / name).exists():  # as model.json may be
            continue
        copy = folder / f"{name}.new"
        shutil.copyfile(source / name, copy)
        copy.replace(folder / name)


def metadata_of(folder: Files) -> dict[str, Any]:
    """What model.json says, and what the service goes by where there is none."""
    file = folder / METADATA_FILE
    return {"threshold": 0.4} | (json.loads(file.read_text()) if file.exists() else {})


def write_metadata(folder: Files, **changes: Any) -> None:
    """Let model.json have the hashes of the files that are there, and what else is given."""
    facts = metadata_of(folder)
    files = {name: (folder / name).read_bytes() for name in (MODEL_FILE, REFERENCE_FILE, NEW_FILE)}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    (folder / METADATA_FILE).write_text(json.dumps(facts | {"sha256": hashes} | changes))


def fewer_trees(folder: Path, trees: int) -> None:
    """Let the model be the first of its trees; the stored probabilities are those of another."""
    pipeline = joblib.load(folder / MODEL_FILE)
    first = pipeline[1].booster_.model_to_string(num_iteration=trees)
    pipeline[1]._Booster = Booster(model_str=first)
    joblib.dump(pipeline, folder / MODEL_FILE, compress=3)
    without_probabilities(folder)


def without_probabilities(folder: Path) -> None:
    """Take away what the makers of the model stored."""
    reference = pd.read_csv(folder / REFERENCE_FILE, dtype=str, keep_default_na=False)
    reference.drop(columns="proba", errors="ignore").to_csv(folder / REFERENCE_FILE, index=False)


def another_model(folder: Path, out: Path) -> None:
    """Write a folder whose answers about the same clients and features all differ."""
    shutil.copytree(folder, out)
    fewer_trees(out, joblib.load(out / MODEL_FILE)[1].booster_.num_trees() // 2)
    new = pd.read_csv(out / NEW_FILE, index_col=0)
    new[ID] = np.roll(new[ID], 1)
    new.iloc[::-1].to_csv(out / NEW_FILE)
    pd.read_csv(out / REFERENCE_FILE, index_col=0).iloc[::-1].to_csv(out / REFERENCE_FILE)
    write_metadata(out, threshold=0.25)


def slow_to_explain(folder: Path, out: Path, clients: int = 20_000, trees: int = 700) -> None:
    """Write a folder of more clients than explanations are kept, and of a large model.

    Its explanations take some milliseconds each, as those of a model of 347 features and 200 large
    trees do. The new clients are the same again and again, under the ids 1, 2, 3 … The reference
    clients are few, for all of them are explained before applications are scored.
    """
    shutil.copytree(folder, out)
    pipeline = joblib.load(out / MODEL_FILE)
    reference = pd.read_csv(out / REFERENCE_FILE, index_col=0)
    pipeline[1].set_params(n_estimators=trees, num_leaves=31, n_jobs=1, learning_rate=0.01)
    rows = np.asarray(pipeline[0].transform(reference))
    pipeline[1].fit(rows, reference["TARGET"])
    joblib.dump(pipeline, out / MODEL_FILE)
    reference[:EXPLAINED].drop(columns="proba").to_csv(out / REFERENCE_FILE)
    new = pd.read_csv(out / NEW_FILE, index_col=0)
    repeated = new.iloc[np.arange(clients) % len(new)].reset_index(drop=True)
    repeated[ID] = np.arange(1, clients + 1)
    repeated.to_csv(out / NEW_FILE)
    write_metadata(out)


def recognisable_clients(folder: Path, out: Path) -> None:
    """Write a folder whose new clients have ids that nothing else looks like."""
    shutil.copytree(folder, out)
    new = pd.read_csv(out / NEW_FILE, index_col=0)
    new[ID] = FIRST_ID + np.arange(len(new))
    new.to_csv(out / NEW_FILE)
    write_metadata(out)


# Broken folders: each changes a sound one


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


def another_scikit_learn(folder: Path) -> None:
    pipeline = joblib.load(folder / MODEL_FILE)
    with mock.patch("sklearn.base.__version__", "1.0.2"):
        joblib.dump(pipeline, folder / MODEL_FILE)
    write_metadata(folder)


def missing_file(folder: Path) -> None:
    (folder / REFERENCE_FILE).unlink()


class Canary:
    """Opened as a pickle, it writes a file: who finds that file knows that it was opened."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


def canary(folder: Path) -> None:
    """Another model than model.json has the hash of, which would write `sang` beside the folder."""
    joblib.dump(Canary(folder.parent / "sang"), folder / MODEL_FILE)


def facts_gone(folder: Path) -> None:
    (folder / METADATA_FILE).unlink()


# By what is wrong, with how the service begins to say so.
BROKEN: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "half copied": (half_copied, "model.joblib: its SHA-256 is "),
    "one byte flipped": (flipped_byte, "model.joblib: its SHA-256 is "),
    "half copied, no hashes": (
        half_copied_without_hashes,
        "model.joblib: cannot be unpickled: ",
    ),
    "one byte flipped, no hashes": (
        flipped_byte_without_hashes,
        "model.joblib: cannot be unpickled: ",
    ),
    "half a row": (half_a_row, "test_samp.csv: row "),
    "a feature renamed": (renamed_feature, "test_samp.csv: lacks features of train_samp.csv: "),
    "another scikit-learn": (
        another_scikit_learn,
        "model.joblib: was pickled by scikit-learn 1.0.2, ",
    ),
    "a file missing": (missing_file, "train_samp.csv: cannot be read: No such file or directory"),
    "model.json gone": (facts_gone, "model.json: was there and is gone; "),
    "canary": (canary, "model.joblib: its SHA-256 is "),
}
