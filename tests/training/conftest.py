"""The folder that the tests of the trainer read; nobody writes into it."""

import pytest

from tests.support.bank import a_bank, run


@pytest.fixture(scope="session")
def bank(tmp_path_factory):
    """The folder made of `a_bank()`."""
    folder = tmp_path_factory.mktemp("bank")
    a_bank().to_csv(folder / "clients.csv")
    run("--data", folder / "clients.csv", "--out", folder / "out")
    return folder / "out"
