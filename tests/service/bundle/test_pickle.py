"""A pickle with another hash is never opened; test_start.py shows it for a server's start."""

import shutil
from pathlib import Path

import pytest

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.errors import BadFile
from credit_scoring.model.loader import load
from tests.support.bundles.canary import put_canary
from tests.support.bundles.folders import write_metadata


@pytest.fixture
def folder_copy(small_bundle_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_bundle_folder, tmp_path / "ressources"))


def test_a_canary_that_is_opened_writes_its_file(folder_copy: Path):
    """Otherwise the tests below, which look for its file, would show nothing."""
    put_canary(folder_copy)
    write_metadata(folder_copy)
    with pytest.raises(BadFile, match=r"^model.joblib: is a NoneType, not a fitted classifier"):
        load(folder_copy)
    assert (folder_copy.parent / "sang").exists()


def test_a_model_with_another_hash_than_in_model_json_is_not_opened(folder_copy: Path):
    put_canary(folder_copy)
    with pytest.raises(BadFile, match=r"^model.joblib: its SHA-256 is [0-9a-f]{64}, expected "):
        load(folder_copy)
    assert not (folder_copy.parent / "sang").exists()


@pytest.mark.parametrize("facts", [True, False])
def test_a_model_with_another_hash_than_in_the_setting_is_not_opened(
    folder_copy: Path, facts: bool
):
    sha256 = load(folder_copy).sha256[MODEL_FILE]
    put_canary(folder_copy)
    write_metadata(folder_copy)
    if not facts:
        (folder_copy / "model.json").unlink()
    with pytest.raises(BadFile, match=rf"(?i)^model.joblib: .* expected {sha256}$"):
        load(folder_copy, sha256.upper())
    assert not (folder_copy.parent / "sang").exists()
