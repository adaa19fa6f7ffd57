"""Swagger UI in a real browser, without any other host."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.service.swagger_ui.swagger_page import tried
from tests.support.browser import CHROMIUM, PATIENCE
from tests.support.servers.application import KEY
from tests.support.servers.server import Server, wait_for

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module", params=["server", "keyed_server"], ids=["open", "with a key"])
def docs_server(request: pytest.FixtureRequest) -> Server:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def page(browser: Browser, docs_server: Server) -> Iterator[Page]:
    """The page, not authorized yet. It asks no other host and breaks no policy.

    It is loaded once for all tests: that takes longer than what they do with it.
    """
    server = docs_server
    urls, said = [], []
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("request", lambda request: urls.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{server.url}/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    yield page
    context.close()
    assert len(urls) > 4
    assert [url for url in urls if not url.startswith((server.url + "/", "data:"))] == []
    assert [line for line in said if "401 (Unauthorized)" not in line] == []


def has_key(server: Server) -> bool:
    return "API_KEY" in server.environment


def authorize(page: Page) -> None:
    page.locator(".auth-wrapper > .authorize").click()
    page.locator(".auth-container input").fill(KEY)
    page.locator(".auth-container .authorize").click()
    page.locator(".auth-btn-wrapper .btn-done").click()


def answer_of(server: Server, path: str, **query: str) -> dict:
    answer = server.get(path, params=query, headers={"X-API-Key": KEY})
    assert answer.status_code == 200
    return answer.json()


def test_the_page_shows_every_operation(page: Page, docs_server: Server, tmp_path: Path):
    expect(page.locator(".info .title")).to_contain_text("Credit scoring")
    document = answer_of(docs_server, "/openapi.json")
    shown = page.locator(".opblock-summary-path").evaluate_all(
        "paths => paths.map(path => path.dataset.path)"
    )
    assert sorted(shown) == sorted(
        path for path, operations in document["paths"].items() for _ in operations
    )
    locks = page.locator(".auth-wrapper > .authorize").count()
    assert locks == (1 if has_key(docs_server) else 0)
    if not has_key(docs_server):  # the other page looks the same
        assert len(page.screenshot(path=tmp_path / "docs.png")) > 50_000


def check_what_if(page: Page, server: Server, client_id: int) -> None:
    """A what-if that is typed into the page has the response of one that is sent."""
    application = {"client": client_id, "changes": {"AMT_CREDIT": 1_500_000}}
    sent = json.dumps(application).encode()
    wait_for(lambda: server.get("/importance").status_code == 200)  # the peers are found
    shown = tried(page, "post", "/score", body=sent.decode())
    unchanged = server.ask_json("/score", json.dumps({"client": client_id}).encode())
    assert shown["probability"] == server.ask_json("/score", sent)["probability"]
    assert shown["probability"] != unchanged["probability"] == shown["before"]["probability"]


def test_examples_work_when_tried(page: Page, docs_server: Server):
    """With a key there are none, because the document that the page reads is open to all.

    The page shows no data before it is given the key, which it keeps for the test below.
    """
    client_id = answer_of(docs_server, "/get_ids")["data"][0]
    if has_key(docs_server):
        assert str(client_id) not in page.content()
        shown = tried(page, "get", "/get_ids", status=401)
        assert shown == {"detail": "a valid key is needed in X-API-Key"}
        authorize(page)
    else:
        answer = tried(page, "post", "/prediction/")
        assert list(answer) == ["probability", "prediction", "threshold"]
        check_what_if(page, docs_server, client_id)


def test_a_value_that_is_typed_in_is_sent(page: Page, docs_server: Server):
    """A parameter of the open server, a body of the server with a key."""
    client_id = str(answer_of(docs_server, "/get_ids")["data"][3])
    if has_key(docs_server):
        record = answer_of(docs_server, "/get_json", param_name=client_id)["data"]
        shown = tried(page, "post", "/prediction/", body=record)
        headers = {"X-API-Key": KEY}
        assert shown == docs_server.ask_json("/prediction/", record.encode(), **headers)
    else:
        shown = tried(page, "get", "/get_shap", client_id)
        assert shown == answer_of(docs_server, "/get_shap", param_name=client_id)
