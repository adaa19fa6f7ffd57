"""Folders that the trainer made."""

import json

import pytest

from credit_scoring.files import METADATA_FILE, NEW_FILE, REFERENCE_FILE
from tests.support.trainer import SHIPPED, TABLES, a_bank, read, run


@pytest.fixture(scope="module")
def shipped():
    tables = {file: read(SHIPPED, file) for file in TABLES}
    metadata = json.loads((SHIPPED / METADATA_FILE).read_text())
    return tables[REFERENCE_FILE], tables[NEW_FILE], metadata


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """The folder made of `a_bank()`."""
    folder = tmp_path_factory.mktemp("bank")
    a_bank().to_csv(folder / "clients.csv")
    with pytest.MonkeyPatch.context() as patch:
        run(patch, "--data", folder / "clients.csv", "--out", folder / "out")
    return folder / "out"
