"""Applications and servers with a register, in each database."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from main import Application
from register.tables import schema
from service.recording.monitoring import monitoring
from tests.service.recording.asking import LENDER, PEPPER, migrated, opened
from tests.support.registers.postgresql import Cluster
from tests.support.servers.application import application


@pytest.fixture(autouse=True)
def patient_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a request wait for figures as long as a busy machine needs to compute them."""
    monkeypatch.setattr(monitoring, "WAIT_SECONDS", 120.0)


@pytest.fixture(scope="session")
def sqlite_register(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a register in a file."""
    return migrated(f"sqlite:///{tmp_path_factory.mktemp('register')}/register.db")


@pytest.fixture(scope="session")
def postgresql_register(cluster: Cluster) -> str:
    """The URL of a register in PostgreSQL."""
    return migrated(cluster.url(cluster.database()))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def register(request: pytest.FixtureRequest) -> str:
    """The URL of a register, in each database; tests share it."""
    return request.getfixturevalue(f"{request.param}_register")


@pytest.fixture(scope="session")
def register_app(register: str, small_bundle_folder: Path) -> Iterator[Application]:
    """The application on the small bundle with a register, in each database."""
    app = application(
        ressources_dir=small_bundle_folder,
        register_url=register,
        register_pepper=PEPPER,
        **LENDER,
    )
    yield app
    app.service.register.close()


@pytest.fixture(scope="session")
def http(register_app: Application) -> httpx.Client:
    """A client of `register_app`."""
    return opened(register_app)


@pytest.fixture(scope="session")
def clients(http: httpx.Client) -> list[int]:
    """Ids of the new clients."""
    return http.get("/get_ids").json()["data"]


@pytest.fixture
def new_app(sqlite_url: str, small_bundle_folder: Path) -> Iterator[Callable[..., Application]]:
    """Makes applications with a register of their own, and closes them."""
    made: list[Application] = []

    def make(url: str = migrated(sqlite_url), **settings: object) -> Application:
        given = {"ressources_dir": small_bundle_folder, "register_pepper": PEPPER}
        made.append(application(**(given | {"register_url": url} | settings)))
        return made[-1]

    yield make
    for app in made:
        app.service.register.close()


@pytest.fixture
def events(register_app: Application) -> Callable[[str], list[dict[str, Any]]]:
    """Gives the events of a kind, the oldest first."""
    store = register_app.service.register.store

    def of_kind(kind: str) -> list[dict[str, Any]]:
        event = schema.event
        wanted = select(event).where(event.c.kind == kind).order_by(event.c.at, event.c.id)
        with store.database.reading() as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]

    return of_kind
