"""Folders that a test may spoil."""

from pathlib import Path

import pytest
from sklearn.pipeline import make_pipeline

from tests.support.artefacts import (
    PLAIN,
    Folder,
    imputed_and_scaled,
    lightgbm,
    make_folder,
)
from tests.support.damage import TABLES
from tests.support.folders import write_metadata


@pytest.fixture
def folder(numbers: Folder, tmp_path: Path) -> Folder:
    """Good files, without hashes in model.json: what follows is found by other means."""
    copied = numbers.copy(tmp_path)
    write_metadata(copied, sha256={})
    return copied


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Three features, nothing in quotes, no hashes. Nobody writes into it."""
    path = tmp_path_factory.mktemp("plain") / "ressources"
    made = make_folder(path, make_pipeline(imputed_and_scaled(PLAIN), lightgbm()), PLAIN)
    assert not any(b'"' in (made / name).read_bytes() for name in TABLES)
    write_metadata(made, sha256={})
    return made
