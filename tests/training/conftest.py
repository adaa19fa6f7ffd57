"""Folders made by the trainer; no test writes into them."""

import io
import shutil
from contextlib import redirect_stdout

import pytest

from credit_scoring.data.artifacts import FEATURES_FILE, ID, MODEL_FILE, REFERENCE_FILE
from tests.training.bank import a_bank, districts, run
from training import fitting


@pytest.fixture(scope="session", autouse=True)
def small_models():
    """Fits small models in one thread: several would wait for each other on a busy machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "JOBS", 1)
        patch.setattr(fitting, "TREES", fitting.TREES[:6])
        yield


FILLED_IN = """\
name,label,protected
income,Income,1
housing,Home,1
is known,Known here,1
town,Town,
"""


@pytest.fixture(scope="session")
def bank_folder(tmp_path_factory, small_models):
    """The folder made of `a_bank()`."""
    folder = tmp_path_factory.mktemp("bank")
    table = a_bank()
    table.assign(district=districts(table[ID])).to_csv(folder / "clients.csv")
    (folder / FEATURES_FILE).write_text(FILLED_IN)
    filled_in = ("--features", folder / FEATURES_FILE, "--audit", "district")
    run("--data", folder / "clients.csv", "--out", folder / "out", *filled_in)
    return folder / "out"


@pytest.fixture(scope="session")
def second_training(tmp_path_factory, bank_folder):
    """A folder with other files, trained on the bank's reference clients, and the report."""
    folder = tmp_path_factory.mktemp("again")
    for file in ("notes.txt", MODEL_FILE):
        (folder / file).write_text("mine")
    shutil.copy(bank_folder / REFERENCE_FILE, folder / "clients.csv")
    sizes = ("--reference-clients", 40, "--new-clients", 20)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as printed:
        patch.setattr(fitting, "TREES", range(10, 31, 10))
        run("--data", folder / "clients.csv", "--out", folder, *sizes)
    return folder, printed.getvalue()
