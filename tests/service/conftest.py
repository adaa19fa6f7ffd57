"""Servers and applications that many tests ask; each starts once, as a start takes seconds."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from main import Application
from tests.service.known_answers import heal
from tests.support.bundles.cases import Case
from tests.support.bundles.folders import recognisable_clients
from tests.support.servers.application import KEY, KEYS, application
from tests.support.servers.forks import Forks
from tests.support.servers.server import Server


@pytest.fixture(scope="session")
def served_folder(small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `server`; a test that changes its files puts the small bundle's back."""
    folder = tmp_path_factory.mktemp("served") / "ressources"
    return Path(shutil.copytree(small_bundle_folder, folder))


@pytest.fixture(scope="session")
def server(served_folder: Path, forks: Forks) -> Iterator[Server]:
    """Two workers on the small bundle. The shipped files: see test_deployed.py."""
    with Server(served_folder, begin=forks.begin) as server:
        yield server


@pytest.fixture(scope="module")
def restored_server(
    server: Server, served_folder: Path, small_bundle_folder: Path
) -> Iterator[Server]:
    """`server`, whose files a test may replace and workers it may kill; restored at the end."""
    yield server
    heal(server, served_folder, small_bundle_folder)


@pytest.fixture(scope="session")
def keyed_server(
    small_bundle_folder: Path, forks: Forks, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One worker with a key, fast explanations, and clients whose ids nothing else looks like."""
    folder = tmp_path_factory.mktemp("keyed") / "ressources"
    recognisable_clients(small_bundle_folder, folder)
    settings = {"API_KEY": KEY, "FAST_EXPLANATIONS": "1"}
    with Server(folder, workers=1, begin=forks.begin, **settings) as server:
        yield server


@pytest.fixture(scope="session")
def case_app(case: Case) -> Application:
    """The application on the folder of a case. Nobody changes it."""
    return application(ressources_dir=case.folder.path)


@pytest.fixture(scope="session")
def keyed_app(small_bundle_folder: Path) -> Application:
    """The application with three keys."""
    return application(ressources_dir=small_bundle_folder, api_key=",".join(KEYS) + ", ,")


@pytest.fixture(scope="session")
def open_app(small_bundle_folder: Path) -> Application:
    """The application without a key."""
    return application(ressources_dir=small_bundle_folder)
