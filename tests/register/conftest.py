"""Registers in both databases."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from register.__main__ import main
from register.commands.migrate import migrate
from register.database.database import Database
from register.database.opening import open_database
from register.settings import RegisterSettings
from register.store import Store
from tests.support.registers.postgresql import MISSING, Cluster, programs
from tests.support.registers.recording import PEPPER, Recorder, Scored


class Done(NamedTuple):
    """The end of a command."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server for all tests."""
    if not programs():
        pytest.skip(MISSING)
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a file that does not exist."""
    return f"sqlite:///{tmp_path}/register.db"


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """The name of a database with tables. Nobody connects to it."""
    name = cluster.database()
    with closing(open_database(cluster.url(name))) as database:
        list(migrate(database))
    return name


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, cluster: Cluster) -> str:
    """The URL of a database, which is empty unless the test takes `database` too."""
    if "database" in request.fixturenames:  # a copy of tables is made faster than tables
        return cluster.url(cluster.database(request.getfixturevalue("template")))
    return cluster.url(cluster.database())


@pytest.fixture(params=["sqlite", "postgresql"])
def register_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty register, in each database."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def database(register_url: str) -> Iterator[Database]:
    """A register with tables, in each database."""
    database = open_database(register_url)
    list(migrate(database))
    yield database
    database.close()


@pytest.fixture(scope="session")
def scored(small_bundle_folder: Path) -> Scored:
    """A bundle that scores."""
    return Scored.of(small_bundle_folder)


@pytest.fixture
def recorder(database: Database) -> Recorder:
    """Fills a register."""
    return Recorder(database)


@pytest.fixture
def settings(register_url: str) -> RegisterSettings:
    """Settings that name a register."""
    return RegisterSettings(register_url=register_url, register_pepper=PEPPER.decode())


@pytest.fixture
def store(settings: RegisterSettings, database: Database) -> Iterator[Store]:
    """An open register, with a writer."""
    store = Store.open(settings)
    yield store
    store.close()


@pytest.fixture
def command(
    register_url: str, database: Database, monkeypatch: pytest.MonkeyPatch, capsys
) -> Callable[..., Done]:
    """Runs `python -m register` in this process, on a register."""
    monkeypatch.setenv("REGISTER_URL", register_url)
    monkeypatch.setenv("REGISTER_PEPPER", PEPPER.decode())

    def run(*arguments: object, **environment: str) -> Done:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:  # of the parser
            code = end.code
        return Done(code, *capsys.readouterr())

    return run
