"""The dashboard's pages against a real service with a register in SQLite."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from advisor import session
from advisor.register.register_api import RegisterApi
from advisor.register.response_models import StoredDecision
from advisor.service_client.errors import RegisterAway
from advisor.service_client.service_api import Connection, ServiceApi
from credit_scoring.data.artifacts import NEW_FILE
from register.commands.migrate import migrate
from register.database.opening import open_database
from tests.dashboard.conftest import PageOpener, connected
from tests.support.bundles.folders import write_metadata
from tests.support.servers.forks import Forks
from tests.support.servers.server import RESSOURCES, SELDOM, Server, wait_for

CLIENTS = 300
KEY = "the-key-of-the-desk"
# The roles that each key lacks: only a caller without a role can show its sentence.
CALLERS = {
    "desk": (KEY, set()),
    "reader": ("the-key-of-a-reader", {"decide", "review", "monitor"}),
    "clerk": ("the-key-of-a-clerk", {"review", "read"}),
    "auditor": ("the-key-of-an-auditor", {"score"}),
    "colleague": ("the-key-of-a-colleague", set()),
}
ROLES = {"score", "decide", "read", "review", "outcomes", "monitor"}
RECORDED = "Recorded: refused, on "
LENDER = {
    "LENDER_NAME": "Test Bank",
    "LENDER_ADDRESS": "1 Main Street, Springfield",
    "LENDER_CONTACT": "desk@bank.example",
}


def register_settings(folder: Path) -> dict[str, str]:
    """The settings of a service with an empty register in a folder, and its callers."""
    url = f"sqlite:///{folder}/register.db"
    with closing(open_database(url)) as database:
        list(migrate(database))
    callers = "\n".join(
        f'[[caller]]\nname = "{name}"\nsha256 = "{hashlib.sha256(key.encode()).hexdigest()}"\n'
        f"roles = {sorted(ROLES - lacking)}\n"
        for name, (key, lacking) in CALLERS.items()
    )
    file = folder / "callers.toml"
    file.write_text(callers)
    file.chmod(0o600)
    return {
        "REGISTER_URL": url,
        "REGISTER_PEPPER": "a pepper for tests only",
        "API_KEYS_FILE": str(file),
        **LENDER,
    }


@pytest.fixture(scope="session")
def register_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the register's database."""
    return tmp_path_factory.mktemp("register")


@pytest.fixture(scope="session")
def strict_bundle_folder(
    small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with more clients and a lower threshold: every test has a refused client."""
    folder = tmp_path_factory.mktemp("strict") / "ressources"
    shutil.copytree(small_bundle_folder, folder)
    columns = pd.read_csv(folder / NEW_FILE, index_col=0, nrows=0).columns
    new = pd.read_csv(RESSOURCES / NEW_FILE, index_col=0)
    new[columns][:CLIENTS].to_csv(folder / NEW_FILE)
    write_metadata(folder, threshold=0.1)
    return folder


@pytest.fixture(scope="session")
def register_server(
    strict_bundle_folder: Path, register_folder: Path, forks: Forks
) -> Iterator[Server]:
    """A service with a register that all tests share: each takes a client of its own."""
    settings = register_settings(register_folder)
    with Server(strict_bundle_folder, workers=1, begin=forks.begin, **settings) as server:
        wait_for(lambda: has_recorded(server), pause=SELDOM)
        yield server


def has_recorded(server: Server) -> bool:
    """True once a decision is recorded: not before the model is in the register."""
    with connected(server.url, KEY) as api:
        scores = ((client, api.score({"client": client}, reasons=0)) for client in api.ids())
        accepted = next(client for client, score in scores if not score["prediction"])
        try:
            RegisterApi(api.connection).record({"client": accepted}, "first-decision")
        except RegisterAway:
            return False
    return True


@pytest.fixture(scope="session")
def register_service(register_server: Server) -> Iterator[ServiceApi]:
    with connected(register_server.url, KEY) as api:
        yield api


@pytest.fixture(scope="session")
def register(register_service: ServiceApi) -> RegisterApi:
    """The register, called as the dashboard calls it."""
    return RegisterApi(register_service.connection)


@pytest.fixture(scope="session")
def colleague(register_server: Server) -> Iterator[RegisterApi]:
    """The register, called with another person's key."""
    with closing(Connection(register_server.url, CALLERS["colleague"][0])) as connection:
        yield RegisterApi(connection)


@pytest.fixture(scope="session")
def unrecorded_refusals(register_service: ServiceApi) -> Iterator[int]:
    """Refused clients, each once."""
    return (
        client
        for client in register_service.ids()
        if register_service.score({"client": client}, reasons=0)["prediction"]
    )


@pytest.fixture
def refusal(unrecorded_refusals: Iterator[int]) -> int:
    """A refused client, on whom the register has no decision."""
    return next(unrecorded_refusals)


@pytest.fixture
def open_register_page(
    register_server: Server, open_page: PageOpener, monkeypatch: pytest.MonkeyPatch
) -> PageOpener:
    """Opens a page of the service with a register."""
    monkeypatch.setenv("API_URL", register_server.url)
    monkeypatch.setenv("API_KEY", KEY)
    return open_page


class Interrupted(httpx.BaseTransport):
    """A connection that breaks after the service has received a request to one path.

    Attributes:
        path: the end of the path; empty to let every request pass.
        paths: all requests so far, with their methods.
    """

    def __init__(self, path: str) -> None:
        self.path, self.paths = path, list[str]()
        self._network = httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._network.handle_request(request)
        self.paths.append(f"{request.method} {request.url.path}")
        if request.method == "POST" and self.path and request.url.path.endswith(self.path):
            response.read()
            response.close()
            raise httpx.ReadTimeout("the answer is lost", request=request)
        return response

    def close(self) -> None:
        self._network.close()


@pytest.fixture
def interrupted(register_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Interrupted]:
    """The dashboard's connection: its decisions are recorded, and no answer to them arrives."""
    transport = Interrupted("/decisions")
    with connected(register_server.url, KEY, transport=transport) as api:
        monkeypatch.setattr(session, "service_api", lambda: api)
        yield transport


@pytest.fixture(autouse=True)
def _no_cached_state() -> None:
    """Forget the states of registers: a server may have the address of an earlier one."""
    st.cache_data.clear()


def control(page: AppTest, kind: str, ending: str) -> Any:
    """The control of a kind whose key has this ending."""
    (found,) = (each for each in page.main.get(kind) if str(each.key).endswith(f"_{ending}"))
    return found


def press(page: AppTest, label: str) -> None:
    """Press a button, and check that the page is complete."""
    (found,) = (each for each in page.main.button if each.label == label)
    found.click().run()
    assert not page.exception


def choose(page: AppTest, choice: str, reason: str = "", note: str = "") -> None:
    """Fill the form of a decision, without sending it."""
    control(page, "radio", "choice").set_value(choice).run()
    if reason:
        control(page, "selectbox", "reason").set_value(reason)
    if note:
        control(page, "text_area", "note").set_value(note)


def stored(register: RegisterApi, client: int) -> list[StoredDecision]:
    """All decisions on a client, the newest first."""
    found = register.decisions(client=client)["decisions"]
    return [register.decision(each["id"]) for each in found]
