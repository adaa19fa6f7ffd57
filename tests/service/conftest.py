"""What many tests ask, each started once: a start takes seconds of processor time."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from credit_scoring.files import METADATA_FILE
from main import Service
from tests.support.application import KEY, KEYS, service
from tests.support.folders import few_clients, recognisable_clients, slow_to_explain
from tests.support.server import RESSOURCES, Server


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few of the shipped clients and trees, whose loading costs little. Nobody writes here."""
    sound = tmp_path_factory.mktemp("sound") / "ressources"
    few_clients(RESSOURCES, sound)
    return sound


@pytest.fixture(scope="session")
def server(sound: Path) -> Iterator[Server]:
    """Two workers on these files. Nobody ends one. The shipped files: see test_deployed.py."""
    with Server(sound) as server:
        yield server


@pytest.fixture(scope="session")
def folder(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same files, for `replaced` to serve. Who spoils them puts sound ones back."""
    return Path(shutil.copytree(sound, tmp_path_factory.mktemp("replaced") / "ressources"))


@pytest.fixture(scope="session")
def replaced(folder: Path) -> Iterator[Server]:
    """Two workers, one of which may be killed, and files that may be replaced."""
    with Server(folder) as server:
        yield server


@pytest.fixture(scope="session")
def private(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker with a key, fast explanations, and clients whose ids nothing else looks like."""
    folder = tmp_path_factory.mktemp("private") / "ressources"
    recognisable_clients(sound, folder)
    with Server(folder, workers=1, API_KEY=KEY, FAST_EXPLANATIONS="1") as server:
        yield server


SLOW_CLIENTS = 2_000


@pytest.fixture(scope="session")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker, whose explanations take a millisecond or more each, and which logs no request.

    There is no model.json. The clients have the ids from 1 to `SLOW_CLIENTS`.
    """
    folder = tmp_path_factory.mktemp("slow") / "ressources"
    slow_to_explain(RESSOURCES, folder, SLOW_CLIENTS, trees=200)
    (folder / METADATA_FILE).unlink()
    with Server(folder, workers=1, REQUEST_LOG="0") as server:
        yield server


@pytest.fixture(scope="session")
def guarded(sound: Path) -> Service:
    return service(ressources_dir=sound, api_key=",".join(KEYS) + ", ,")


@pytest.fixture(scope="session")
def unguarded(sound: Path) -> Service:
    return service(ressources_dir=sound)
