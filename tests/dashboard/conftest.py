"""The dashboard's pages, in this process, against a real service that all of them ask."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from advisor.answers import Application
from advisor.client import Service
from tests.support.forks import Forks
from tests.support.server import HOST, ROOT, Server

APP = ROOT / "dashboard/app.py"
TAG = re.compile("<[^>]*>")
SECONDS = 60  # for a page, on a machine that is busy
Open = Callable[..., AppTest]
Answering = Callable[[int, bytes], str]


@pytest.fixture(scope="session")
def desk_server(sound: Path, forks: Forks) -> Iterator[Server]:
    with Server(sound, workers=1, begin=forks.begin) as server:
        yield server


@pytest.fixture(scope="session")
def asked(desk_server: Server) -> Iterator[Service]:
    """The service, asked as the dashboard does."""
    with Service(desk_server.url) as service:
        yield service


@pytest.fixture(scope="session")
def scores(asked: Service) -> dict[int, dict[str, Any]]:
    """What the service says of each of the first few clients."""
    return {client: asked.score({"client": client}) for client in asked.ids()[:30]}


@pytest.fixture(scope="session")
def refused(scores: dict[int, dict[str, Any]]) -> int:
    return next(client for client, score in scores.items() if score["prediction"])


@pytest.fixture(scope="session")
def accepted(scores: dict[int, dict[str, Any]]) -> int:
    return next(client for client, score in scores.items() if not score["prediction"])


@pytest.fixture(scope="session")
def turned(asked: Service, scores: dict[int, dict[str, Any]]) -> int:
    """A refused client who would be accepted after a change of one feature."""
    return next(
        client
        for client, score in scores.items()
        if score["prediction"] and asked.alternatives(client)["alternatives"]
    )


@pytest.fixture(autouse=True, scope="session")
def once_for_all_pages() -> Iterator[None]:
    """Let Streamlit look once for components in all that is installed, not for each page.

    And take pages as they are, as the dashboard's config.toml says, which it reads where it runs.
    """
    config.set_option("runner.magicEnabled", False)
    with pytest.MonkeyPatch.context() as patched:
        found = manifest_scanner.scan_component_manifests()
        patched.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield


@pytest.fixture
def open_page(desk_server: Server, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a page, with a client chosen, in a language."""
    monkeypatch.setenv("API_URL", desk_server.url)
    monkeypatch.delenv("API_KEY", raising=False)

    def opened(name: str, client: int | None = None, language: str = "en", **state: Any) -> AppTest:
        page = AppTest.from_file(APP, default_timeout=SECONDS)
        page.session_state["language"] = language
        page.session_state["client"] = client
        for key, value in state.items():
            page.session_state[key] = value
        if name != "client":
            page.switch_page(f"views/{name}.py")
        page.run()
        assert not page.exception
        return page

    return opened


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Application]:
    """The applications that the dashboard has sent to be scored."""
    found: list[Application] = []
    score = Service.score

    def noted(self: Service, application: Application, *more: object) -> object:
        found.append(application)
        return score(self, application, *more)

    monkeypatch.setattr(Service, "score", noted)
    return found


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Servers that give one answer to everybody, whatever they ask."""
    servers = []

    def started(status: int, body: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing."""

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


def words_of(page: AppTest) -> str:
    """All that a page says, without Markdown's escapes; its HTML as it is, and its text alone."""
    elements = [*page.main.markdown, *page.main.header, *page.main.title]
    alerts = [*page.main.error, *page.main.warning, *page.main.info, *page.main.success]
    plain = "\n".join(str(element.value) for element in [*elements, *alerts]).replace("\\", "")
    tagged = "\n".join(str(element.value) for element in page.main.html)
    return unescape("\n".join([plain, tagged, TAG.sub("", tagged)]))


def pictures(page: AppTest) -> list[str]:
    """What each picture says to who does not see it."""
    return [picture.proto.alt for picture in page.get("vega_lite_chart")]
