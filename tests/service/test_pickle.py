"""A pickle with another hash is never opened; of a server's start, test_start.py shows the same."""

import shutil
from pathlib import Path

import pytest

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.errors import BadFile
from credit_scoring.model.loader import load
from tests.support.folders import canary, write_metadata


@pytest.fixture
def copied(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "ressources"))


def test_canary_sings_where_it_is_opened(copied: Path):
    """Else the tests below, which look for its file, would show nothing."""
    canary(copied)
    write_metadata(copied)
    with pytest.raises(BadFile, match=r"^model.joblib: is not a scikit-learn Pipeline"):
        load(copied)
    assert (copied.parent / "sang").exists()


def test_model_with_another_hash_than_model_json_says_is_not_opened(copied: Path):
    canary(copied)
    with pytest.raises(BadFile, match=r"^model.joblib: its SHA-256 is [0-9a-f]{64}, expected "):
        load(copied)
    assert not (copied.parent / "sang").exists()


@pytest.mark.parametrize("facts", [True, False])
def test_model_with_another_hash_than_the_setting_is_not_opened(copied: Path, facts: bool):
    sha256 = load(copied).sha256[MODEL_FILE]
    canary(copied)
    write_metadata(copied)
    if not facts:
        (copied / "model.json").unlink()
    with pytest.raises(BadFile, match=rf"(?i)^model.joblib: .* expected {sha256}$"):
        load(copied, sha256.upper())
    assert not (copied.parent / "sang").exists()
