"""A bundle to keep, and a folder to write it into."""

import shutil
from pathlib import Path

import pytest

from register.archive.archive import Archive


@pytest.fixture
def folder(small_bundle_folder: Path, tmp_path: Path) -> Path:
    """A bundle that a test may change."""
    return Path(shutil.copytree(small_bundle_folder, tmp_path / "ressources"))


@pytest.fixture
def archive(database) -> Archive:
    return Archive(database, fast_explanations=True)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """An empty folder."""
    path = tmp_path / "made"
    path.mkdir()
    return path
