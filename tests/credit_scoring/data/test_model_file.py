"""The model file: hashed before it is opened, and what it tells of its makers' libraries."""

import hashlib
import pickle
import warnings
from pathlib import Path

import joblib
import pytest
import sklearn
import sklearn.base
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from credit_scoring.data.artifacts import METADATA_FILE, MODEL_FILE, SKOPS_FILE
from credit_scoring.data.model_file import read_model
from credit_scoring.errors import BadFile
from tests.support.bundles.canary import Canary

WRONG = "0" * 64  # a hash of no file


def put(folder: Path, model: object) -> str:
    """Write a model; its hash."""
    joblib.dump(model, folder / MODEL_FILE)
    return hashlib.sha256((folder / MODEL_FILE).read_bytes()).hexdigest()


@pytest.mark.parametrize("model", [{}, [1], LogisticRegression(), None], ids=repr)
def test_any_object_is_opened(tmp_path: Path, model: object):
    sha256 = put(tmp_path, model)
    file = read_model(tmp_path, {MODEL_FILE: sha256}, sha256.upper())
    assert (type(file.model), file.sha256, file.name) == (type(model), sha256, MODEL_FILE)
    assert (file.written_by, file.modules) == ({}, {})


# Both files


@pytest.fixture
def both(tmp_path: Path) -> dict[str, str]:
    """The hashes of both files in the folder."""
    skops.io.dump(LogisticRegression(), tmp_path / SKOPS_FILE)
    sha256 = hashlib.sha256((tmp_path / SKOPS_FILE).read_bytes()).hexdigest()
    return {MODEL_FILE: put(tmp_path, LogisticRegression()), SKOPS_FILE: sha256}


def test_with_both_files_the_one_that_takes_less_is_opened(tmp_path: Path, both):
    for hashes in (both, {}, {MODEL_FILE: both[MODEL_FILE]}):
        assert read_model(tmp_path, hashes).name == MODEL_FILE


@pytest.mark.parametrize("removed", [MODEL_FILE, SKOPS_FILE])
def test_either_file_may_be_removed(tmp_path: Path, both, removed: str):
    (tmp_path / removed).unlink()
    (other,) = both.keys() - {removed}
    assert read_model(tmp_path, both).sha256 == both[other]
    assert read_model(tmp_path, both, both[other]).name == other


@pytest.mark.parametrize("name", [MODEL_FILE, SKOPS_FILE])
def test_the_hashes_of_both_are_compared_before_one_is_opened(tmp_path: Path, both, name: str):
    both[MODEL_FILE] = put(tmp_path, Canary(tmp_path / "opened"))
    with pytest.raises(BadFile) as refused:
        read_model(tmp_path, both | {name: WRONG})
    assert str(refused.value) == f"{name}: its SHA-256 is {both[name]}, expected {WRONG}"
    assert not (tmp_path / "opened").exists()


def test_a_pickle_beside_a_listed_file_without_code_is_not_opened(tmp_path: Path, both):
    put(tmp_path, Canary(tmp_path / "opened"))
    with pytest.raises(BadFile) as refused:
        read_model(tmp_path, {SKOPS_FILE: both[SKOPS_FILE]})
    assert str(refused.value) == (
        f"{MODEL_FILE}: {METADATA_FILE} has hashes of other files and none of this one"
    )
    assert not (tmp_path / "opened").exists()


def test_the_setting_names_the_file_that_is_opened(tmp_path: Path, both):
    with pytest.raises(BadFile, match=f"^{MODEL_FILE}: its SHA-256 is {both[MODEL_FILE]}"):
        read_model(tmp_path, {}, both[SKOPS_FILE])
    (tmp_path / MODEL_FILE).unlink()
    with pytest.raises(BadFile, match=f"^{SKOPS_FILE}: its SHA-256 is {both[SKOPS_FILE]}"):
        read_model(tmp_path, {}, both[MODEL_FILE])


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(BadFile) as refused:
        read_model(tmp_path, {})
    assert str(refused.value) == f"{MODEL_FILE}: cannot be read: No such file or directory"


@pytest.mark.parametrize(("listed", "setting"), [(WRONG, None), (None, WRONG), (WRONG, "right")])
def test_a_file_of_another_hash_is_not_opened(tmp_path: Path, listed, setting):
    right = put(tmp_path, Canary(tmp_path / "opened"))
    hashes = {MODEL_FILE: listed} if listed else {}
    with pytest.raises(BadFile) as refused:
        read_model(tmp_path, hashes, right if setting == "right" else setting)
    assert str(refused.value) == f"{MODEL_FILE}: its SHA-256 is {right}, expected {WRONG}"
    assert not (tmp_path / "opened").exists()


def test_a_file_of_another_format_and_another_hash_is_refused_for_its_hash(tmp_path: Path):
    (tmp_path / MODEL_FILE).write_bytes(b"CBM1")
    with pytest.raises(BadFile, match="its SHA-256 is"):
        read_model(tmp_path, {MODEL_FILE: WRONG})


def test_a_file_with_the_right_hash_is_opened(tmp_path: Path):
    right = put(tmp_path, Canary(tmp_path / "opened"))
    read_model(tmp_path, {MODEL_FILE: right}, right)
    assert (tmp_path / "opened").exists()


@pytest.mark.parametrize("release", ["1.2.2", "99.0", "1.9.2"])
def test_another_scikit_learn_is_noted_and_not_warned_of(tmp_path: Path, monkeypatch, release):
    with monkeypatch.context() as patch:
        patch.setattr(sklearn.base, "__version__", release)
        put(tmp_path, make_pipeline(LogisticRegression()).fit([[0.0], [1.0]], [0, 1]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        file = read_model(tmp_path, {})
    assert file.written_by == {"scikit-learn": release}
    assert file.model.predict_proba([[0.5]]).shape == (1, 2)


class Warning_:  # noqa: N801
    """A pickle that warns when it is opened."""

    def __reduce__(self):
        return warnings.warn, ("a client's value",)


def test_a_warning_of_unpickling_is_neither_an_error_nor_logged(tmp_path: Path, caplog, capfd):
    (tmp_path / MODEL_FILE).write_bytes(pickle.dumps(Warning_()))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert read_model(tmp_path, {}).model is None
    assert (caught, caplog.messages, capfd.readouterr()) == ([], [], ("", ""))
