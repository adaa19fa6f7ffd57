"""The order in which a screen reader reads each page: Chromium's accessibility tree.

The service has a register with two simulated years, so all ten pages are there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from advisor.formatting.formats import Words
from advisor.service_client.service_api import ServiceApi
from advisor.statements import decision
from advisor.texts import LANGUAGES, Language
from tests.dashboard.browser.inspection import dashboard_of, page_of
from tests.dashboard.register.conftest import KEY
from tests.support.browser import CHROMIUM
from tests.support.servers.forks import Forks
from tests.support.servers.server import Server

NAMES = (
    *("client", "why", "simulate", "compare", "application", "letter", "model"),
    *("history", "work_list", "monitoring"),
)
LIVE = ("simulate", "application")  # pages whose result changes with an entry
BEFORE = {  # role and text of a node after the decision
    "client": ("heading", "why_refused"),
    "why": ("DisclosureTriangle", ""),
    "simulate": ("heading", "form_title"),
}
PICTURES = {"image", "img", "graphics-document", "figure", "Canvas"}
NAMED = PICTURES | {
    *("heading", "button", "link", "textbox", "searchbox", "spinbutton", "combobox", "slider"),
    *("radio", "radiogroup", "checkbox", "switch", "tab", "listbox", "option"),
    *("DisclosureTriangle", "region", "table"),
}
LEVEL = "level"  # of a heading
CHART_TO_COME = "[data-testid=stVegaLiteChart]:not(:has(svg))"
HEADING_PLACES = """main => [...main.querySelectorAll("h1, h2, h3, h4")]
    .map(each => each.getBoundingClientRect()).map(({x, y}) => ({x, y}))"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@dataclass(frozen=True)
class Met:
    """A node of the accessibility tree: its role, its name, and the level of a heading."""

    role: str
    name: str
    level: int


@pytest.fixture(scope="module")
def dashboard_url(monitored_server: Server, forks: Forks) -> Iterator[str]:
    with dashboard_of(monitored_server.url, forks, API_KEY=KEY) as url:
        yield url


@pytest.fixture(scope="module")
def page(dashboard_url: str) -> Iterator[Page]:
    with page_of(dashboard_url) as page:
        yield page


@pytest.fixture(scope="module")
def refused(monitored_service: ServiceApi) -> int:
    """A refused client."""
    return next(
        client
        for client in monitored_service.ids()
        if monitored_service.score({"client": client}, reasons=0)["prediction"]
    )


def met(page: Page) -> list[Met]:
    """All nodes that a screen reader meets, from the top."""
    session = page.context.new_cdp_session(page)
    nodes: list[dict[str, Any]] = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    by_id = {node["nodeId"]: node for node in nodes}
    found, waiting = [], [nodes[0]["nodeId"]]
    while waiting:
        node = by_id[waiting.pop()]
        waiting += [each for each in reversed(node.get("childIds", [])) if each in by_id]
        if not node["ignored"]:
            level = [each["value"]["value"] for each in node["properties"] if each["name"] == LEVEL]
            name = node.get("name", {}).get("value", "").strip()
            found.append(Met(node["role"]["value"], name, int((*level, 0)[0])))
    return found


def open_page(page: Page, url: str, name: str, client: int, language: str) -> None:
    """Open a page by its address, and wait until it is complete."""
    path = "" if name == "client" else name
    page.goto(f"{url}/{path}?{urlencode({'client': client, 'language': language})}")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    for unfinished in ("[data-stale=true]", "[data-testid=stSkeleton]", CHART_TO_COME):
        expect(page.locator(unfinished)).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_read_in_its_order(
    page: Page,
    dashboard_url: str,
    monitored_service: ServiceApi,
    refused: int,
    name: str,
    language: Language,
):
    open_page(page, dashboard_url, name, refused, language)
    nodes, words = met(page), Words(language)
    headings = [each for each in nodes if each.role == "heading"]
    assert [each.level for each in headings].count(1) == 1
    assert headings[0].level == 1
    assert [each for each in pairwise(headings) if each[1].level > each[0].level + 1] == []
    assert [each for each in nodes if each.role in NAMED and not each.name] == []
    pictures = [each for each in nodes if each.role in PICTURES]
    assert len(pictures) >= page.get_by_test_id("stVegaLiteChart").count()
    order = [
        Met("main", "", 0),
        Met("link", words("page_client"), 0),
        Met("link", words("page_monitoring"), 0),
        Met("searchbox", words("search"), 0),
        Met("radiogroup", "Language · Langue", 0),
        *headings,
    ]
    assert [each for each in nodes if each in order] == order
    places = page.get_by_test_id("stMain").evaluate(HEADING_PLACES)
    assert len(places) == len(headings)
    assert [each for each in pairwise(places) if not follows(*each)] == []
    if name in LIVE:
        assert "status" in [each.role for each in nodes]
    if name in BEFORE:
        score = monitored_service.score({"client": refused}, reasons=0)
        verdict, (role, key) = decision.verdict(words, score), BEFORE[name]
        text = words(key) if key else ""
        told = [at for at, each in enumerate(nodes) if verdict in each.name]
        later = [at for at, each in enumerate(nodes) if each.role == role and text in each.name]
        assert told[0] < later[0]


def follows(one: dict[str, float], other: dict[str, float]) -> bool:
    """True if one place stands below another, or in a column to its right."""
    return other["y"] > one["y"] or other["x"] > one["x"]
