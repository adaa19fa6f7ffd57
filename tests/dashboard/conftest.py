"""The dashboard's pages, in this process, against a real service that all of them ask."""

from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from advisor.client import Service
from tests.support.folders import few_clients
from tests.support.server import RESSOURCES, ROOT, Server

APP = ROOT / "dashboard/app.py"
SECONDS = 60  # for a page, on a machine that is busy
Open = Callable[..., AppTest]


@pytest.fixture(scope="session")
def desk_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few of the shipped clients and trees. Nobody writes here."""
    folder = tmp_path_factory.mktemp("desk") / "ressources"
    few_clients(RESSOURCES, folder, new=200)
    return folder


@pytest.fixture(scope="session")
def desk_server(desk_folder: Path) -> Iterator[Server]:
    with Server(desk_folder, workers=1) as server:
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
def turned(asked: Service) -> int:
    """A refused client who would be accepted after a change of one feature."""
    for client in asked.ids():
        found = asked.alternatives(client)
        if found["prediction"] and found["alternatives"]:
            return client
    raise AssertionError("nobody")


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
        page.run()
        if name != "client":
            page.switch_page(f"views/{name}.py").run()
        assert not page.exception
        return page

    return opened


def words_of(page: AppTest) -> str:
    """All that a page says, as one text without Markdown's escapes."""
    elements = [*page.main.markdown, *page.main.subheader, *page.main.title, *page.main.html]
    alerts = [*page.main.error, *page.main.warning, *page.main.info, *page.main.success]
    return unescape("\n".join(str(element.value) for element in [*elements, *alerts])).replace(
        "\\", ""
    )


def pictures(page: AppTest) -> list[str]:
    """What each picture says to who does not see it."""
    return [picture.proto.alt for picture in page.get("vega_lite_chart")]
