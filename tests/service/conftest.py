"""What many tests ask, each started once: a start takes seconds of processor time."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from main import Application
from tests.support.application import KEY, KEYS, service
from tests.support.folders import recognisable_clients
from tests.support.forks import Forks
from tests.support.known import heal
from tests.support.recipes import Case
from tests.support.server import Server


@pytest.fixture(scope="session")
def folder(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of `sound`, for `server` to serve. Who changes them puts sound ones back."""
    return Path(shutil.copytree(sound, tmp_path_factory.mktemp("replaced") / "ressources"))


@pytest.fixture(scope="session")
def server(folder: Path, forks: Forks) -> Iterator[Server]:
    """Two workers on these files. The shipped files: see test_deployed.py."""
    with Server(folder, begin=forks.begin) as server:
        yield server


@pytest.fixture(scope="module")
def replaced(server: Server, folder: Path, sound: Path) -> Iterator[Server]:
    """The same, whose files may be replaced, and a worker killed: afterwards it is as before."""
    yield server
    heal(server, folder, sound)


@pytest.fixture(scope="session")
def private(
    sound: Path, forks: Forks, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One worker with a key, fast explanations, and clients whose ids nothing else looks like."""
    folder = tmp_path_factory.mktemp("private") / "ressources"
    recognisable_clients(sound, folder)
    settings = {"API_KEY": KEY, "FAST_EXPLANATIONS": "1"}
    with Server(folder, workers=1, begin=forks.begin, **settings) as server:
        yield server


@pytest.fixture(scope="session")
def application(case: Case, unguarded: Application) -> Application:
    """The service on the folder of a case. Nobody changes it."""
    made = service(ressources_dir=case.folder.path)
    # FastAPI takes 0.1 s for the document of the routes, which are the same.
    unguarded.openapi()
    made.openapi_schema = unguarded.openapi_schema
    made._openapi_routes_version = made.router._get_routes_version()
    return made


@pytest.fixture(scope="session")
def guarded(sound: Path) -> Application:
    return service(ressources_dir=sound, api_key=",".join(KEYS) + ", ,")


@pytest.fixture(scope="session")
def unguarded(sound: Path) -> Application:
    return service(ressources_dir=sound)
