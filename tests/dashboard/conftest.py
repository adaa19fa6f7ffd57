"""The dashboard's pages, run in this process against a real service that all tests share."""

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from html import unescape
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from advisor import session
from advisor.pages import page_file
from advisor.service_client.response_models import Application, ClientId, Record
from advisor.service_client.service_api import Connection, ServiceApi
from main import Settings, create_app
from tests.dashboard.browser.inspection import dashboard_of
from tests.dashboard.browser.keyboard import Keyboard
from tests.support.servers.forks import Forks
from tests.support.servers.inprocess import InProcess, prepared_client
from tests.support.servers.server import HOST, RESSOURCES, ROOT, Server

APP = ROOT / "dashboard/app.py"
TAG = re.compile("<[^>]*>")
SECONDS = 60  # for a page, on a busy machine
PageOpener = Callable[..., AppTest]
PagesOf = Callable[[ServiceApi], PageOpener]
StubServer = Callable[[int, bytes], str]
MAIN = sys.modules["__main__"]


@pytest.fixture(autouse=True)
def _main_module_restored() -> Iterator[None]:
    """Undo what Streamlit's runner does to `__main__`: processes that are spawned later run it."""
    yield
    sys.modules["__main__"] = MAIN


@contextmanager
def connected(url: str, key: str = "", **options: Any) -> Iterator[ServiceApi]:
    """The service at an address, whose connections the block's end closes."""
    with closing(Connection(url, key, **options)) as connection:
        yield ServiceApi(connection)


@contextmanager
def service_in_process(
    folder: Path, transport: type[InProcess] = InProcess
) -> Iterator[ServiceApi]:
    """The service of a folder, in this process."""
    service = create_app(Settings(ressources_dir=folder))
    prepared_client(service).close()
    with connected("http://testserver", transport=transport(service)) as api:
        yield api


@contextmanager
def paused(server: Server) -> Iterator[None]:
    """A service whose process is stopped in the block: it accepts connections, and answers none."""
    os.killpg(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(server.process.pid, signal.SIGCONT)


@pytest.fixture(scope="session")
def service_server(small_bundle_folder: Path, forks: Forks) -> Iterator[Server]:
    with Server(small_bundle_folder, workers=1, begin=forks.begin) as server:
        yield server


@pytest.fixture(scope="session")
def api(service_server: Server) -> Iterator[ServiceApi]:
    """The service, called as the dashboard calls it."""
    with connected(service_server.url) as api:
        yield api


@pytest.fixture(scope="session")
def shipped_api() -> Iterator[ServiceApi]:
    """The service of the shipped files, in this process."""
    with service_in_process(RESSOURCES) as api:
        yield api


@pytest.fixture(scope="session")
def score_by_client(api: ServiceApi) -> dict[int, dict[str, Any]]:
    """The service's scores of the first 30 clients."""
    return {client: api.score({"client": client}) for client in api.ids()[:30]}


@pytest.fixture(scope="session")
def refused_client(score_by_client: dict[int, dict[str, Any]]) -> int:
    return next(client for client, score in score_by_client.items() if score["prediction"])


@pytest.fixture(scope="session")
def accepted_client(score_by_client: dict[int, dict[str, Any]]) -> int:
    return next(client for client, score in score_by_client.items() if not score["prediction"])


@pytest.fixture(params=["refused", "accepted"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each decision."""
    return str(request.param)


@pytest.fixture
def client(request: pytest.FixtureRequest, kind: str) -> int:
    """A client with this decision."""
    return int(request.getfixturevalue(f"{kind}_client"))


@pytest.fixture(scope="session")
def client_without_car(api: ServiceApi, score_by_client: dict[int, dict[str, Any]]) -> int:
    """A client with a missing value: OWN_CAR_AGE."""
    return next(c for c in score_by_client if api.record(c)["OWN_CAR_AGE"] is None)


@pytest.fixture(scope="session")
def turnable_client(api: ServiceApi, score_by_client: dict[int, dict[str, Any]]) -> int:
    """A refused client who would be accepted after a change of one feature."""
    return next(
        client
        for client, score in score_by_client.items()
        if score["prediction"] and api.counterfactuals(client)["alternatives"]
    )


@pytest.fixture(autouse=True, scope="session")
def streamlit_settings() -> Iterator[None]:
    """The dashboard's settings, and one scan for components instead of one a page.

    Streamlit reads config.toml only where it runs; a scan looks through all installed packages.
    """
    config.set_option("runner.magicEnabled", False)
    with pytest.MonkeyPatch.context() as patched:
        manifests = manifest_scanner.scan_component_manifests()
        patched.setattr(manifest_scanner, "scan_component_manifests", lambda: manifests)
        yield


@pytest.fixture
def open_page(service_server: Server, monkeypatch: pytest.MonkeyPatch) -> PageOpener:
    """Opens a page by name, with a chosen client, in a language; `changes` stand in its address."""
    monkeypatch.setenv("API_URL", service_server.url)
    monkeypatch.delenv("API_KEY", raising=False)

    def opened(
        name: str,
        client: ClientId | None = None,
        language: str = "en",
        changes: Record | None = None,
        **state: Any,
    ) -> AppTest:
        page = AppTest.from_file(APP, default_timeout=SECONDS)
        page.query_params["language"] = language
        if client is not None:
            page.query_params["client"] = str(client)
        if changes:
            page.query_params["changes"] = json.dumps(changes)
        for key, value in state.items():
            page.session_state[key] = value
        if name != "client":
            page.switch_page(page_file(name))
        page.run()
        assert not page.exception
        return page

    return opened


@pytest.fixture
def open_page_of(open_page: PageOpener, monkeypatch: pytest.MonkeyPatch) -> PagesOf:
    """Opens pages of another service than the one that all tests share."""

    def of_service(api: ServiceApi) -> PageOpener:
        monkeypatch.setattr(session, "service_api", lambda: api)
        return open_page

    return of_service


@pytest.fixture(scope="session")
def dashboard_url(service_server: Server, forks: Forks) -> Iterator[str]:
    """The address of a dashboard that calls the service."""
    with dashboard_of(service_server.url, forks) as url:
        yield url


@pytest.fixture
def keyboard(page: Page) -> Keyboard:
    """The keyboard of a journey's browser page."""
    return Keyboard(page)


@pytest.fixture
def sent_applications(monkeypatch: pytest.MonkeyPatch) -> list[Application]:
    """The applications that the dashboard has sent to `/score`."""
    sent: list[Application] = []
    score = ServiceApi.score

    def recorded(self: ServiceApi, application: Application, *args: Any, **options: Any) -> object:
        sent.append(application)
        return score(self, application, *args, **options)

    monkeypatch.setattr(ServiceApi, "score", recorded)
    return sent


@pytest.fixture
def stub_server() -> Iterator[StubServer]:
    """Starts a server that gives one response to every request, and returns its address."""
    servers = []

    def started(status: int, body: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Write no log."""

        server = HTTPServer((HOST, 0), Handler)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return f"http://{HOST}:{server.server_port}"

    yield started
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def text_of(page: AppTest) -> str:
    """The page's texts without Markdown's escapes; HTML as it is, and again without its tags."""
    elements = [*page.main.markdown, *page.main.header, *page.main.title]
    alerts = [*page.main.error, *page.main.warning, *page.main.info, *page.main.success]
    plain = "\n".join(str(element.value) for element in [*elements, *alerts]).replace("\\", "")
    tagged = "\n".join(str(element.value) for element in page.main.html)
    return unescape("\n".join([plain, tagged, TAG.sub("", tagged)]))


def chart_texts(page: AppTest) -> list[str]:
    """The alternative text of each chart, for readers who do not see it."""
    return [chart.proto.alt for chart in page.get("vega_lite_chart")]


def table_row(text: str, name: str) -> str:
    """The HTML of the first table row with this name, in the text of a page."""
    return text.partition(f">{name}</th>")[2].partition("</tr>")[0]


def press_calculate(page: AppTest) -> None:
    """Press the button that sends a form."""
    next(each for each in page.main.button if each.label == "Score these values").click().run()
    assert not page.exception


def walk_in_field(page: AppTest, feature: str) -> Any:
    """The field of a feature on the page of new applications, whatever source it starts with."""
    pattern = re.compile(rf"new_[0-9a-f]{{8}}_{re.escape(feature)}")
    fields = (*page.main.number_input, *page.main.selectbox)
    return next(each for each in fields if pattern.fullmatch(each.key))
