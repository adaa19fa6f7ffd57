"""What the suites share: small folders, each trained once."""

import gc
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

gc.disable()  # until all is imported, of which nothing is to be collected
os.environ["OMP_NUM_THREADS"] = "1"  # threads that wait for each other take all processors
os.environ["FAST_EXPLANATIONS"] = "0"  # who tests them turns them on: numba takes seconds
os.environ["REQUEST_LOG"] = "0"  # of the service in this process: it would write into the report

import pytest
from sklearn.pipeline import make_pipeline

from tests.support.artefacts import NUMBERS, Folder, imputed_and_scaled, lightgbm, make_folder
from tests.support.forks import Forks
from tests.support.recipes import RECIPES, Case, case_of
from tests.support.server import RESSOURCES
from tests.support.small import few_clients


def pytest_collection_finish() -> None:
    """What was imported stays: the garbage collector need not look at it again and again."""
    gc.freeze()
    gc.set_threshold(20_000)  # objects, not 700: what tests make mostly goes without it
    gc.enable()


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Starts servers that have the libraries; test_deployed.py, one that has nothing."""
    with Forks() as forks:
        yield forks


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few of the shipped clients and trees, whose loading costs little. Nobody writes here."""
    sound = tmp_path_factory.mktemp("sound") / "ressources"
    few_clients(RESSOURCES, sound)
    return sound


@pytest.fixture(scope="session")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """LightGBM on imputed and scaled numbers. Nobody writes into it."""
    path = tmp_path_factory.mktemp("numbers") / "ressources"
    return make_folder(path, make_pipeline(imputed_and_scaled(), lightgbm()), NUMBERS)


@pytest.fixture(scope="session")
def case_named(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Case]:
    """The case of a recipe, which is made once. Nobody changes it."""

    @cache
    def made(name: str) -> Case:
        path = tmp_path_factory.mktemp("case") / "ressources"
        return case_of(make_folder(path, *RECIPES[name](), new_clients=10))

    return made


@pytest.fixture(scope="session", params=RECIPES)
def case(request, case_named) -> Case:
    return case_named(request.param)


@pytest.fixture(scope="session")
def simple(numbers) -> Case:
    return case_of(numbers)
