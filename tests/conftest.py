"""Fixtures of every suite: small folders, each trained once."""

import gc
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

gc.disable()  # until all modules are imported, of which none is collected
os.environ["OMP_NUM_THREADS"] = "1"  # threads that wait for each other take all processors
os.environ["FAST_EXPLANATIONS"] = "0"  # their tests turn them on: numba takes seconds
os.environ["REQUEST_LOG"] = "0"  # of applications in this process: it would write into the report

OF_A_REGISTER = ("REGISTER_", "LENDER_", "CHALLENGER_")
for name in [name for name in os.environ if name.startswith(OF_A_REGISTER)]:
    del os.environ[name]  # of a developer, whose register the tests must not touch

import pytest
from sklearn.pipeline import make_pipeline

from tests.support.bundles.artefacts import (
    NUMBERS,
    Folder,
    imputed_and_scaled,
    lightgbm,
    make_folder,
)
from tests.support.bundles.cases import Case
from tests.support.bundles.recipes import RECIPES
from tests.support.bundles.simulated import DECISIONS, simulate
from tests.support.bundles.small_bundle import few_clients
from tests.support.servers.forks import Forks
from tests.support.servers.server import RESSOURCES


def pytest_collection_finish() -> None:
    """Let the garbage collector skip the imported modules, which stay to the end."""
    gc.freeze()
    gc.set_threshold(20_000)  # objects, not 700: most garbage of tests goes without it
    gc.enable()


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Starts servers that have the libraries; test_deployed.py, one that has nothing."""
    with Forks() as forks:
        yield forks


@pytest.fixture(scope="session")
def small_bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few of the shipped clients and trees, which load at once. Nobody writes into it."""
    folder = tmp_path_factory.mktemp("small") / "ressources"
    few_clients(RESSOURCES, folder)
    return folder


@pytest.fixture(scope="session")
def simulated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated decisions of two small models, with their known truth. Nobody writes into it."""
    folder = tmp_path_factory.mktemp("simulated") / "decisions"
    simulate(folder, "--decisions", DECISIONS)
    return folder


@pytest.fixture(scope="session")
def lightgbm_folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """LightGBM on imputed and scaled numbers. Nobody writes into it."""
    path = tmp_path_factory.mktemp("numbers") / "ressources"
    return make_folder(path, make_pipeline(imputed_and_scaled(), lightgbm()), NUMBERS)


@pytest.fixture(scope="session")
def case_named(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Case]:
    """Gives the case of a recipe, which is made once. Nobody changes it."""

    @cache
    def made(name: str) -> Case:
        path = tmp_path_factory.mktemp("case") / "ressources"
        return Case.of_folder(make_folder(path, *RECIPES[name](), new_clients=10))

    return made


@pytest.fixture(scope="session", params=RECIPES)
def case(request, case_named) -> Case:
    """The case of every recipe, one after the other."""
    return case_named(request.param)


@pytest.fixture(scope="session")
def lightgbm_case(lightgbm_folder) -> Case:
    """The case of `lightgbm_folder`."""
    return Case.of_folder(lightgbm_folder)


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL server for all tests."""
    # Its driver is not installed where the service is tested as deployed.
    from tests.support.registers.postgresql import MISSING, Cluster, programs

    if not programs():
        pytest.skip(MISSING)
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a file that does not exist."""
    return f"sqlite:///{tmp_path}/register.db"
