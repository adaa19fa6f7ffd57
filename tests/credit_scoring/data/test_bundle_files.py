"""The files that make a bundle: which model is opened, and which modules it may import."""

from pathlib import Path

import pytest

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    REFERENCE_FILE,
    SKOPS_FILE,
)
from credit_scoring.data.bundle_files import files_of_bundle, model_file_in, module_files


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("there", "opened"),
    [
        ([], MODEL_FILE),
        ([SKOPS_FILE], SKOPS_FILE),
        ([MODEL_FILE], MODEL_FILE),
        ([MODEL_FILE, SKOPS_FILE], MODEL_FILE),
    ],
)
def test_the_model_that_is_opened(tmp_path: Path, there, opened):
    assert model_file_in(touch(tmp_path, *there)) == opened


def test_modules_are_those_that_python_could_import(tmp_path: Path):
    found = ["__main__.py", "features/__init__.py", "features/encoders.py", "features/deep/bins.py",
             "preprocessing.py", "space/name.py"]  # fmt: skip
    others = ["my-script.py", "notes.txt", "data/notes.txt", "data/old/encoders.py",
              ".venv/os.py", "no module/a.py", "features/not-one.py"]  # fmt: skip
    touch(tmp_path, *found, *others)
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "features/again").symlink_to(tmp_path / "features")
    assert module_files(tmp_path) == sorted(found)


def test_a_link_to_a_module_is_one(tmp_path: Path):
    touch(tmp_path, "there/encoders.py", "here/notes.txt")
    (tmp_path / "here/encoders.py").symlink_to(tmp_path / "there/encoders.py")
    (tmp_path / "here/gone.py").symlink_to(tmp_path / "nowhere.py")
    assert module_files(tmp_path / "here") == ["encoders.py"]


def test_a_folder_that_is_not_there_has_no_modules(tmp_path: Path):
    assert module_files(tmp_path / "nowhere") == []


def test_the_files_of_a_bundle_are_those_that_are_read(tmp_path: Path):
    tables = [REFERENCE_FILE, NEW_FILE]
    assert files_of_bundle(tmp_path) == [MODEL_FILE, *tables]
    touch(tmp_path, SKOPS_FILE, METADATA_FILE, "preprocessing.py", "requirements.txt")
    assert files_of_bundle(tmp_path) == [SKOPS_FILE, *tables, METADATA_FILE, "preprocessing.py"]
    touch(tmp_path, MODEL_FILE, FEATURES_FILE)
    assert files_of_bundle(tmp_path) == [
        MODEL_FILE, *tables, METADATA_FILE, FEATURES_FILE, "preprocessing.py",
    ]  # fmt: skip
