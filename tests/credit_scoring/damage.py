"""Ways to damage a folder's files, and the one line that a damaged folder is refused with."""

import csv
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn.base
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline

from credit_scoring.data.artifacts import MODEL_FILE, NEW_FILE, REFERENCE_FILE, TARGET
from credit_scoring.errors import BadFile
from credit_scoring.model.loader import load
from tests.support.bundles.artefacts import (
    NUMBERS,
    Folder,
    imputed_and_scaled,
    lightgbm,
)
from tests.support.bundles.folders import write_metadata

TABLES = [REFERENCE_FILE, NEW_FILE]


Damage = Callable[[Folder], object]


def refusal(folder: Folder, model_sha256: str | None = None) -> str:
    with pytest.raises(BadFile) as refused:
        load(folder.path, model_sha256)
    message = str(refused.value)
    assert len(message.splitlines()) == 1
    assert len(message.encode()) < 2_000
    return message


def removed(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def a_folder(name: str) -> Damage:
    def replace(folder: Folder) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return replace


def holding(name: str, content: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(content)


def changed(name: str, change: Callable[[bytes], bytes]) -> Damage:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def rows_changed(name: str, change: Callable[[list[list[str]]], object]) -> Damage:
    """Change the fields of a table; row 0 is its header."""

    def write(folder: Folder) -> None:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        change(rows)
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)

    return write


def cell(name: str, row: int, column: str, text: str) -> Damage:
    def write(rows: list[list[str]]) -> None:
        rows[row][rows[0].index(column)] = text

    return rows_changed(name, write)


def without(name: str, column: str) -> Damage:
    def write(rows: list[list[str]]) -> None:
        position = rows[0].index(column)
        for row in rows:
            del row[position]

    return rows_changed(name, write)


def longer(name: str, *numbers: int) -> Damage:
    """One field more at the end of those rows; of all clients' where none is given."""

    def write(rows: list[list[str]]) -> None:
        for number in numbers or range(1, len(rows)):
            rows[number].append("1")

    return rows_changed(name, write)


def shorter(name: str, *numbers: int) -> Damage:
    """One field less at the end of those rows; of all clients' where none is given."""

    def write(rows: list[list[str]]) -> None:
        for number in numbers or range(1, len(rows)):
            rows[number].pop()

    return rows_changed(name, write)


def both(*damages: Damage) -> Damage:
    return lambda folder: [damage(folder) for damage in damages]


def model(make: Callable[[], object]) -> Damage:
    return lambda folder: joblib.dump(make(), folder / MODEL_FILE)


def fitted(classifier: object, transformer: object = None, features: list[str] = NUMBERS) -> Damage:
    """A pipeline of that classifier, fitted on the reference clients."""

    def write(folder: Folder) -> None:
        known = folder.read(REFERENCE_FILE)
        pipeline = make_pipeline(transformer or imputed_and_scaled(), classifier)
        joblib.dump(pipeline.fit(known[features], known[TARGET]), folder / MODEL_FILE)

    return write


def model_fitted(make: Callable[[], Any]) -> Damage:
    """A model, fitted on the reference clients."""

    def write(folder: Folder) -> None:
        known = folder.read(REFERENCE_FILE)
        joblib.dump(make().fit(known[NUMBERS], known[TARGET]), folder / MODEL_FILE)

    return write


def changed_model(change: Callable[[Any], object]) -> Damage:
    """Replace the model by the result of a function."""
    return lambda folder: joblib.dump(change(folder.pipeline()), folder / MODEL_FILE)


def outcomes(classes: list[object]) -> Damage:
    """A classifier that knows other classes than 0 and 1."""

    def write(folder: Folder) -> None:
        known = folder.read(REFERENCE_FILE)
        outcome = np.array(classes)[np.arange(len(known)) % len(classes)]
        pipeline = make_pipeline(imputed_and_scaled(), lightgbm())
        joblib.dump(pipeline.fit(known[NUMBERS], outcome), folder / MODEL_FILE)

    return write


def of_scikit_learn(release: str) -> Damage:
    def write(folder: Folder) -> None:
        with pytest.MonkeyPatch.context() as patch:
            pipeline = folder.pipeline()
            patch.setattr(sklearn.base, "__version__", release)
            joblib.dump(pipeline, folder / MODEL_FILE)

    return write


def model_of(steps: Callable[[pd.DataFrame], tuple[object, object]]) -> Damage:
    """A pipeline whose two steps were fitted separately."""
    return lambda folder: joblib.dump(
        make_pipeline(*steps(folder.read(REFERENCE_FILE))), folder / MODEL_FILE
    )


def beyond_doubles(frame: pd.DataFrame) -> pd.DataFrame:
    """Fitted on some rows, it gives infinity for all others."""
    return frame.assign(AMT_CREDIT=np.inf) if len(frame) < 100 else frame


def facts(**given: object) -> Damage:
    return lambda folder: write_metadata(folder, **given)


def named(names: Callable[[list[str]], object]) -> Damage:
    """A transformer that gives its outputs other names than a text each."""
    return lambda folder: fitted(lightgbm(), RenamingTransformer(names(NUMBERS)))(folder)


class RenamingTransformer(BaseEstimator, TransformerMixin):
    """Leaves the values as they are, and names them."""

    def __init__(self, names: object = ()) -> None:
        self.names = names

    def fit(self, frame: pd.DataFrame, _: object = None) -> "RenamingTransformer":
        self.feature_names_in_ = frame.columns.to_numpy()
        return self

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        return frame.to_numpy(float)

    def get_feature_names_out(self, _: object = None) -> object:
        return self.names


def masked(frame: pd.DataFrame) -> np.ndarray:
    return np.ma.masked_invalid(frame.to_numpy(float))


NO_FILE = "cannot be read: No such file or directory"
IS_FOLDER = "cannot be read: Is a directory"
UNREADABLE = "cannot be unpickled: "
REFUSED = f"{NEW_FILE}: the transformer of {MODEL_FILE} refuses it"


def raising_later(frame: pd.DataFrame, error: BaseException) -> np.ndarray:
    """Fitted on many rows, it fails on some."""
    if len(frame) < 100:
        raise error
    return frame.to_numpy(float)
