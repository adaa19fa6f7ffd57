"""Folders for the service to load: another model, a slow one, clients with recognisable ids."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Protocol

import joblib
import numpy as np
import pandas as pd
from lightgbm import Booster

from credit_scoring.data.artifacts import (
    ID,
    METADATA_FILE,
    MODEL_FILE,
    MODEL_FILES,
    NEW_FILE,
    REFERENCE_FILE,
)
from credit_scoring.data.bundle_files import module_files

EXPLAINED = 150  # reference clients, where an explanation takes long
FIRST_ID = 7_000_000_000_001  # of clients whose ids are recognisable in any text


class FolderPath(Protocol):
    """A folder: a path, or an object that has one."""

    def __truediv__(self, name: str) -> Path:
        """The path of a file in it."""


def put(source: Path, folder: Path) -> None:
    """Replace files as the README asks: each renamed into place, model.json first."""
    for name in (METADATA_FILE, *MODEL_FILES, REFERENCE_FILE, NEW_FILE):
        if not (source / name).exists():  # model.json is optional, and so is one of the models
            continue
        copy = folder / f"{name}.new"
        shutil.copyfile(source / name, copy)
        copy.replace(folder / name)


def metadata_of(folder: FolderPath) -> dict[str, Any]:
    """The content of model.json, with the default threshold if it has none."""
    file = folder / METADATA_FILE
    return {"threshold": 0.4} | (json.loads(file.read_text()) if file.exists() else {})


def write_metadata(folder: FolderPath, **changes: Any) -> None:
    """Write the hashes of the present files, and some changes, into model.json."""
    facts = metadata_of(folder)
    models = [name for name in MODEL_FILES if (folder / name).exists()]
    modules = module_files((folder / METADATA_FILE).parent)
    hashes = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in (*models, *modules, REFERENCE_FILE, NEW_FILE)
    }
    (folder / METADATA_FILE).write_text(json.dumps(facts | {"sha256": hashes} | changes))


def fewer_trees(folder: Path, trees: int) -> None:
    """Keep only the first trees of the model, and drop the probabilities of all trees."""
    pipeline = joblib.load(folder / MODEL_FILE)
    first = pipeline[1].booster_.model_to_string(num_iteration=trees)
    pipeline[1]._Booster = Booster(model_str=first)
    joblib.dump(pipeline, folder / MODEL_FILE, compress=3)
    without_probabilities(folder)


def without_probabilities(folder: Path) -> None:
    """Drop the stored probabilities of the reference clients."""
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
