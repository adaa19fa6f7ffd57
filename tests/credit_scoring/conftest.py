"""Folders that a test may spoil."""

from pathlib import Path

import pytest
from sklearn.pipeline import make_pipeline

from tests.credit_scoring.damage import TABLES
from tests.support.bundles.artefacts import (
    PLAIN,
    Folder,
    imputed_and_scaled,
    lightgbm,
    make_folder,
)
from tests.support.bundles.folders import write_metadata


@pytest.fixture
def folder(lightgbm_folder: Folder, tmp_path: Path) -> Folder:
    """A folder that a test may damage; without hashes, so that other checks find the damage."""
    copied = lightgbm_folder.copy(tmp_path)
    write_metadata(copied, sha256={})
    return copied


@pytest.fixture(scope="module")
def unquoted_folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Three features, no cell in quotes, no hashes. Nobody writes into it."""
    path = tmp_path_factory.mktemp("unquoted") / "ressources"
    made = make_folder(path, make_pipeline(imputed_and_scaled(PLAIN), lightgbm()), PLAIN)
    assert not any(b'"' in (made / name).read_bytes() for name in TABLES)
    write_metadata(made, sha256={})
    return made
