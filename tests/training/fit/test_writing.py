"""The model is written as a file that runs no code, and as a pickle where one is wanted."""

import json
from pathlib import Path

import joblib
import numpy as np
import pytest

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    PROBA,
    REFERENCE_FILE,
    SKOPS_FILE,
)
from credit_scoring.data.model_file import read_model
from credit_scoring.errors import BadFile
from tests.training.bank import model_of, read
from training.table import Split
from training.writing import write


@pytest.fixture
def written(bank_folder, tmp_path):
    """Writes the bank's model again, and gives the names of the model files in the folder."""
    reference, new = (read(bank_folder, file) for file in (REFERENCE_FILE, NEW_FILE))
    reference = reference.drop(columns=PROBA)
    metadata = json.loads((bank_folder / METADATA_FILE).read_text())

    def run(*, with_joblib: bool) -> set[str]:
        dictionary = (bank_folder / FEATURES_FILE).read_bytes()
        parts = Split(reference, reference, new)
        pipeline = model_of(bank_folder)
        write(tmp_path, pipeline, parts, metadata, dictionary, with_joblib=with_joblib)
        hashes = json.loads((tmp_path / METADATA_FILE).read_text())["sha256"]
        models = {file.name for file in tmp_path.glob("model.*")} - {METADATA_FILE}
        assert models == {name for name in hashes if name.startswith("model.")}
        return models

    return run


def scores(folder: Path) -> np.ndarray:
    return read_model(folder, {}).model.predict_proba(read(folder, REFERENCE_FILE))[:, 1]


def test_without_a_wish_there_is_no_pickle(written, tmp_path):
    assert written(with_joblib=False) == {SKOPS_FILE}
    np.testing.assert_array_equal(scores(tmp_path), read(tmp_path, REFERENCE_FILE)[PROBA])


@pytest.mark.parametrize("with_joblib", [True, False])
def test_a_pickle_is_written_if_it_is_wanted_or_one_is_there(written, tmp_path, with_joblib):
    if not with_joblib:
        (tmp_path / MODEL_FILE).write_text("of an earlier training")
    assert written(with_joblib=with_joblib) == {MODEL_FILE, SKOPS_FILE}
    own = read(tmp_path, REFERENCE_FILE)[PROBA]
    for opened in (MODEL_FILE, SKOPS_FILE):
        assert read_model(tmp_path, {}).name == opened
        np.testing.assert_array_equal(scores(tmp_path), own)
        (tmp_path / opened).unlink()


@pytest.mark.parametrize("file", [MODEL_FILE, SKOPS_FILE])
def test_each_file_is_checked_before_any_is_written(written, tmp_path, monkeypatch, file):
    def garbage(_: object, path: Path, **__: object) -> None:
        path.write_bytes(b"CBM1")

    monkeypatch.setattr("joblib.dump" if file == MODEL_FILE else "skops.io.dump", garbage)
    with pytest.raises(BadFile, match=f"^{file}: is a CatBoost model"):
        written(with_joblib=True)
    assert not [*tmp_path.iterdir()]


def test_another_model_as_pickle_is_refused(written, tmp_path, monkeypatch):
    """The reference clients' probabilities are those of the one that was fitted."""
    dump = joblib.dump

    def fewer_trees(pipeline, path, **options):
        classifier = pipeline[-1]
        one = classifier.booster_.model_to_string(num_iteration=1)
        classifier._Booster = type(classifier.booster_)(model_str=one)
        dump(pipeline, path, **options)

    monkeypatch.setattr("joblib.dump", fewer_trees)
    with pytest.raises(BadFile, match=f"^{REFERENCE_FILE}: row 1: {PROBA} is "):
        written(with_joblib=True)
    assert not [*tmp_path.iterdir()]
