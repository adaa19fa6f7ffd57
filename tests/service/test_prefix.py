"""Behind a proxy that strips a prefix: Swagger UI and what it asks stay below it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import CHROMIUM, PATIENCE, chromium, tried
from tests.support.forks import Forks
from tests.support.proxy import proxied
from tests.support.server import SERVICE, AnyServer, Server, free_port

PREFIX = "/bank/scoring"


@pytest.fixture(scope="module")
def rooted(sound: Path, forks: Forks) -> Iterator[AnyServer]:
    """A server that is told of its prefix."""
    port = free_port()
    command = (sys.executable, "-m", "uvicorn", SERVICE, "--root-path", PREFIX)
    settings = {"RESSOURCES_DIR": str(sound)}
    with AnyServer((*command, "--port", str(port)), port, settings, begin=forks.begin) as server:
        server.wait("/health")
        yield server


@pytest.fixture(scope="module", params=["server", "rooted"])
def behind(request: pytest.FixtureRequest) -> AnyServer:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def address(behind: AnyServer) -> Iterator[str]:
    """The address of `/` behind the proxy."""
    with proxied(behind, PREFIX) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with chromium() as browser:
        yield browser


def test_the_document_has_the_servers_below_its_own_folder(address: str, server: Server):
    document = httpx.get(f"{address}/openapi.json", verify=False)
    assert document.content == server.ask("/openapi.json")
    assert document.json()["servers"] == [{"url": "."}]


def test_every_kind_of_route_answers_as_without_a_prefix(address: str, server: Server):
    for path in ("/get_ids", "/get_feat", "/features", "/docs/assets/swagger-ui.css"):
        answer = httpx.get(address + path, verify=False)
        assert (answer.status_code, answer.content) == (200, server.ask(path))
    answer = httpx.get(f"{address}/nowhere", verify=False)
    assert answer.json() == {"detail": "no route /nowhere: / lists the routes"}
    assert httpx.post(f"{address}/get_ids", verify=False).json() == {
        "detail": "/get_ids takes GET, not POST"
    }


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/docs//"])
def test_what_is_tried_out_in_a_browser(
    browser: Browser, behind: AnyServer, address: str, path: str
):
    """Each part of the page is answered without a redirect, and breaks no policy."""
    answered, said = {}, []
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("response", lambda answer: answered.update({answer.url: answer.status}))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address + path)
    expect(page.locator(".opblock").first).to_be_visible()
    assert tried(page, "get", "/get_ids") == behind.ask_json("/get_ids")
    shown = tried(page, "post", "/prediction/")
    assert list(shown) == ["probability", "prediction", "threshold"]
    url = page.url
    page.close()
    assert said == []
    assert url.partition("#")[0] == address + path
    answered.pop(f"{address}/docs/assets/favicon.png", None)  # asked for where there is a window
    files = ("docs/assets/swagger-ui.css", "docs/assets/swagger-ui-bundle.js", "openapi.json")
    expected = [address + path, *[f"{address}/{name}" for name in files]]
    expected += [f"{address}/get_ids", f"{address}/prediction/"]
    found = {url: status for url, status in answered.items() if not url.startswith("data:")}
    assert found == dict.fromkeys(expected, 200)
