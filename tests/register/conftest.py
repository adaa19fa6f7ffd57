"""Registers in both databases."""

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import make_url

from register.__main__ import main
from register.commands.migrate import give_rights, migrate
from register.database.database import Database
from register.database.grants import KINDS
from register.database.opening import open_database
from register.settings import RegisterSettings
from register.store import Store
from tests.register.recording import PEPPER, Recorder, Scored
from tests.support.browser import chromium
from tests.support.cluster import scheduler_with_workers
from tests.support.commands import CommandResult, run_main
from tests.support.registers.postgresql import PASSWORD, Cluster
from tests.support.registers.register_command import patient_writers, run_register


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


@dataclass(frozen=True)
class LoadedRegister:
    """A register into which the simulated decisions were loaded.

    Attributes:
        url: of the register.
        report: what the command `load` printed.
    """

    url: str
    report: str

    def copied(self, folder: Path, cluster: Callable[[], Cluster]) -> str:
        """The URL of a copy, which a test may change."""
        if self.url.startswith("sqlite"):
            file = shutil.copy(self.url.removeprefix("sqlite:///"), folder / "register.db")
            return f"sqlite:///{file}"
        return cluster().url(cluster().database(self.url.rpartition("/")[2]))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def simulated_register(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    simulated_folder: Path,
) -> LoadedRegister:
    """The simulated decisions, loaded by the command, in each database. Nobody changes it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('loaded')}/register.db"
    else:
        cluster = request.getfixturevalue("cluster")
        url = cluster.url(cluster.database(request.getfixturevalue("template")))
    with closing(open_database(url)) as database:
        list(migrate(database))
    with redirect_stdout(io.StringIO()) as printed, patient_writers():
        result = run_main(
            None, main, ["load", simulated_folder],
            {"REGISTER_URL": url, "REGISTER_PEPPER": PEPPER.decode()},
        )  # fmt: skip
    assert result.code == 0
    return LoadedRegister(url, printed.getvalue())


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
def command(capsys, register_url: str, database: Database) -> Callable[..., CommandResult]:
    """Runs `python -m register` in this process, on a register."""
    return partial(run_register, capsys, register_url)


@pytest.fixture
def command_as(
    capsys, cluster: Cluster, register_url: str, database: Database
) -> Callable[..., CommandResult]:
    """Runs `python -m register` as a role of PostgreSQL with the rights of a kind."""
    name = make_url(register_url).database

    def run(kind: str, *arguments: object) -> CommandResult:
        return run_register(capsys, cluster.url(name, f"{kind} of {name}"), *arguments)

    for kind in KINDS:
        cluster.run(f"CREATE ROLE \"{kind} of {name}\" LOGIN PASSWORD '{PASSWORD}'")
    list(give_rights(database, {kind: f"{kind} of {name}" for kind in KINDS}))
    return run


@pytest.fixture(scope="module")
def scheduler_address() -> Iterator[str]:
    """A scheduler with two workers, which are threads of this process."""
    with scheduler_with_workers() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser
