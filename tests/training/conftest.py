"""The folder that the tests of the trainer read; nobody writes into it."""

import pytest

from tests.support.bank import a_bank, run
from training import fitting


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """LightGBM uses one thread: several that wait for each other keep a busy machine busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "JOBS", 1)
        yield


@pytest.fixture(scope="session")
def bank(tmp_path_factory, one_thread):
    """The folder made of `a_bank()`, with as many trees as are shipped."""
    folder = tmp_path_factory.mktemp("bank")
    a_bank().to_csv(folder / "clients.csv")
    run("--data", folder / "clients.csv", "--out", folder / "out")
    return folder / "out"
