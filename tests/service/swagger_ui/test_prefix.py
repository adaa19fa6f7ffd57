"""Behind a proxy that strips a prefix: Swagger UI and its requests stay below it."""

import contextlib
import http.client
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.service.swagger_ui.swagger_page import tried
from tests.support.browser import PATIENCE
from tests.support.servers.forks import Forks
from tests.support.servers.server import HOST, SERVICE, AnyServer, Server, free_port

PREFIX = "/bank/scoring"
OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "host"}


def handler_of(server: AnyServer, prefix: str) -> type[BaseHTTPRequestHandler]:
    """A handler that forwards requests below a prefix to a server."""

    class ForwardingHandler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            if not self.path.startswith(f"{prefix}/"):
                self.send_error(404, "not below the prefix")
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in OF_A_CONNECTION
            }
            connection = http.client.HTTPConnection(HOST, server.port, timeout=120)
            with contextlib.closing(connection):
                path = self.path.removeprefix(prefix)
                connection.request(self.command, path, body or None, headers)
                answer = connection.getresponse()
                content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in OF_A_CONNECTION:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_HEAD = forward  # noqa: N815 - as the standard library calls them

        def log_message(self, *_: object) -> None:
            pass

    return ForwardingHandler


@contextlib.contextmanager
def proxied(server: AnyServer, prefix: str) -> Iterator[str]:
    """The address of a server's `/` behind the proxy, without its slash."""
    with ThreadingHTTPServer((HOST, 0), handler_of(server, prefix)) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        try:
            yield f"http://{HOST}:{proxy.server_port}{prefix}"
        finally:
            proxy.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def prefixed_server(small_bundle_folder: Path, forks: Forks) -> Iterator[AnyServer]:
    """A server that knows its prefix."""
    port = free_port()
    command = (sys.executable, "-m", "uvicorn", SERVICE, "--root-path", PREFIX)
    settings = {"RESSOURCES_DIR": str(small_bundle_folder)}
    with AnyServer((*command, "--port", str(port)), port, settings, begin=forks.begin) as server:
        server.wait("/health")
        yield server


@pytest.fixture(scope="module", params=["server", "prefixed_server"])
def proxied_server(request: pytest.FixtureRequest) -> AnyServer:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def proxy_address(proxied_server: AnyServer) -> Iterator[str]:
    """The address of `/` behind the proxy."""
    with proxied(proxied_server, PREFIX) as proxy_address:
        yield proxy_address


def test_the_document_has_the_servers_below_its_own_folder(proxy_address: str, server: Server):
    document = httpx.get(f"{proxy_address}/openapi.json", verify=False)
    assert document.content == server.ask("/openapi.json")
    assert document.json()["servers"] == [{"url": "."}]


def test_every_kind_of_route_answers_as_without_a_prefix(proxy_address: str, server: Server):
    for path in ("/get_ids", "/get_feat", "/features", "/docs/assets/swagger-ui.css"):
        answer = httpx.get(proxy_address + path, verify=False)
        assert (answer.status_code, answer.content) == (200, server.ask(path))
    answer = httpx.get(f"{proxy_address}/nowhere", verify=False)
    assert answer.json() == {"detail": "no route /nowhere: / lists the routes"}
    assert httpx.post(f"{proxy_address}/get_ids", verify=False).json() == {
        "detail": "/get_ids takes GET, not POST"
    }


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/docs//"])
def test_the_page_works_below_the_prefix(
    browser: Browser, proxied_server: AnyServer, proxy_address: str, path: str
):
    """Each part of the page is answered without a redirect, and breaks no policy."""
    answered, said = {}, []
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("response", lambda answer: answered.update({answer.url: answer.status}))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(proxy_address + path)
    expect(page.locator(".opblock").first).to_be_visible()
    assert tried(page, "get", "/get_ids") == proxied_server.ask_json("/get_ids")
    shown = tried(page, "post", "/prediction/")
    assert list(shown) == ["probability", "prediction", "threshold"]
    url = page.url
    page.close()
    assert said == []
    assert url.partition("#")[0] == proxy_address + path
    answered.pop(
        f"{proxy_address}/docs/assets/favicon.png", None
    )  # requested if the browser has a window
    files = ("docs/assets/swagger-ui.css", "docs/assets/swagger-ui-bundle.js", "openapi.json")
    expected = [proxy_address + path, *[f"{proxy_address}/{name}" for name in files]]
    expected += [f"{proxy_address}/get_ids", f"{proxy_address}/prediction/"]
    found = {url: status for url, status in answered.items() if not url.startswith("data:")}
    assert found == dict.fromkeys(expected, 200)
