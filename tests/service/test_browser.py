"""Swagger UI in a real browser, without any other host."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.application import KEY
from tests.support.browser import CHROMIUM, PATIENCE, chromium, tried
from tests.support.known import get
from tests.support.server import Server, wait_for

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module", params=["server", "private"], ids=["open", "with a key"])
def asked_server(request: pytest.FixtureRequest) -> Server:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser, asked_server: Server) -> Iterator[Page]:
    """The page, not authorized yet. It asks no other host and breaks no policy.

    It is loaded once for all tests: that takes longer than what they do with it.
    """
    server = asked_server
    asked, said = [], []
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{server.url}/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    yield page
    context.close()
    assert len(asked) > 4
    assert [url for url in asked if not url.startswith((server.url + "/", "data:"))] == []
    assert [line for line in said if "401 (Unauthorized)" not in line] == []


def has_key(server: Server) -> bool:
    return "API_KEY" in server.environment


def authorize(page: Page) -> None:
    page.locator(".auth-wrapper > .authorize").click()
    page.locator(".auth-container input").fill(KEY)
    page.locator(".auth-container .authorize").click()
    page.locator(".auth-btn-wrapper .btn-done").click()


def asked(server: Server, path: str, **query: str) -> dict:
    answer = get(server, path, params=query, headers={"X-API-Key": KEY})
    assert answer.status_code == 200
    return answer.json()


def test_page_renders(page: Page, asked_server: Server, tmp_path: Path):
    expect(page.locator(".info .title")).to_contain_text("Credit scoring")
    document = asked(asked_server, "/openapi.json")
    shown = page.locator(".opblock-summary-path").evaluate_all(
        "paths => paths.map(path => path.dataset.path)"
    )
    assert sorted(shown) == sorted(
        path for path, operations in document["paths"].items() for _ in operations
    )
    locks = page.locator(".auth-wrapper > .authorize").count()
    assert locks == (1 if has_key(asked_server) else 0)
    if not has_key(asked_server):  # it looks the same
        assert len(page.screenshot(path=tmp_path / "docs.png")) > 50_000


def check_what_if(page: Page, server: Server, client_id: int) -> None:
    """A what-if that is typed in at the credit desk is answered as one that is sent."""
    application = {"client": client_id, "changes": {"AMT_CREDIT": 1_500_000}}
    sent = json.dumps(application).encode()
    wait_for(lambda: get(server, "/importance").status_code == 200)  # what scores are compared with
    shown = tried(page, "post", "/score", body=sent.decode())
    unchanged = server.ask_json("/score", json.dumps({"client": client_id}).encode())
    assert shown["probability"] == server.ask_json("/score", sent)["probability"]
    assert shown["probability"] != unchanged["probability"] == shown["before"]["probability"]


def test_examples_work_when_tried(page: Page, asked_server: Server):
    """Where a key is set there are none: the document that the page reads is open to all.

    And nothing is told before the page is given the key, which it then has for the test below.
    """
    client_id = asked(asked_server, "/get_ids")["data"][0]
    if has_key(asked_server):
        assert str(client_id) not in page.content()
        shown = tried(page, "get", "/get_ids", status=401)
        assert shown == {"detail": "a valid key is needed in X-API-Key"}
        authorize(page)
    else:
        answer = tried(page, "post", "/prediction/")
        assert list(answer) == ["probability", "prediction", "threshold"]
        check_what_if(page, asked_server, client_id)


def test_what_is_filled_in_is_sent(page: Page, asked_server: Server):
    """A parameter where everybody may ask, a body where a key is needed."""
    client_id = str(asked(asked_server, "/get_ids")["data"][3])
    if has_key(asked_server):
        record = asked(asked_server, "/get_json", param_name=client_id)["data"]
        shown = tried(page, "post", "/prediction/", body=record)
        headers = {"X-API-Key": KEY}
        assert shown == asked_server.ask_json("/prediction/", record.encode(), **headers)
    else:
        shown = tried(page, "get", "/get_shap", client_id)
        assert shown == asked(asked_server, "/get_shap", param_name=client_id)
