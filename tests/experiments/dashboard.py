"""The dashboard's pages: pictures for its documentation, and what they cost the service.

    PYTHONPATH=dashboard python -m tests.experiments.dashboard pictures   docs/dashboard/*.png
    PYTHONPATH=dashboard python -m tests.experiments.dashboard pages      each page, ten clients

Both start the service on the folder that RESSOURCES_DIR names, else on the shipped files.
"""

import argparse
import os
import re
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from advisor.client import Service
from advisor.errors import ServiceBusy
from tests.support.browser import chromium
from tests.support.server import ROOT, AnyServer, Server, free_port, wait_for

APP = ROOT / "dashboard/app.py"
PICTURES = ROOT / "docs/dashboard"
CLIENT = 416135  # of the shipped files: refused, and accepted after one change
CLIENTS = 10  # for each page
PAGES = {
    "client": ("Client", 2),
    "why": ("Why", 2),
    "what_if": ("What if", 1),
    "compare": ("Compare", 2),
    "application": ("New application", 0),
    "model": ("Model", 1),
    "letter": ("Letter", 0),
}  # by its file: how a page is called, and how many pictures it has
HIGH = {"why": 1500, "what_if": 1750, "model": 1750}  # pixels; others are 1,000 high


def is_prepared(url: str, client: int) -> bool:
    """Whether the service has scored the reference clients."""
    with Service(url) as service:
        try:
            service.score({"client": client})
        except ServiceBusy:
            return False
    return True


@contextmanager
def served() -> Iterator[Server]:
    """The service, ready to explain, and the address of it in the environment."""
    with Server(workers=1, FAST_EXPLANATIONS="1", REQUEST_LOG="1") as server:
        client = server.ask_json("/get_ids")["data"][0]
        wait_for(lambda: is_prepared(server.url, client))
        os.environ["API_URL"] = server.url
        yield server


def pictures() -> None:
    """Take a picture of each page, and of the first one in French."""
    PICTURES.mkdir(exist_ok=True)
    port = free_port()
    run = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    with (
        served() as service,
        AnyServer(run, port, {"API_URL": service.url}) as dashboard,
        chromium() as browser,
    ):
        dashboard.wait("/_stcore/health")
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        page.goto(dashboard.url)
        search = page.get_by_role("textbox").first
        search.fill(str(CLIENT))
        search.press("Enter")
        for name in PAGES:
            visit(page, name)
            if name == "what_if":
                page.get_by_role("button", name=re.compile("^Try it")).first.press("Enter")
                expect(page.get_by_text("Before and after", exact=True)).to_be_visible()
            if name == "letter":
                expect(page.get_by_test_id("stCode")).to_contain_text(str(CLIENT))
            taken(page, name)
        visit(page, "client")
        page.get_by_text("Français").click()
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        taken(page, "client")


def visit(page: Page, name: str) -> None:
    """Open a page, and wait until its pictures are there."""
    called, charts = PAGES[name]
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=called, exact=True).click()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-testid=stVegaLiteChart] > svg")).to_have_count(charts)


def taken(page: Page, name: str) -> None:
    """Write the picture."""
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    page.set_viewport_size({"width": 1200, "height": HIGH.get(name, 1000)})
    language = page.locator("html").get_attribute("lang")
    file = PICTURES / f"{name}.png" if language == "en" else PICTURES / f"{name}.{language}.png"
    page.screenshot(path=file, animations="disabled")
    print(file.relative_to(ROOT))


def pages() -> None:
    """Open each page for ten clients, and print what they cost the service."""
    print("| page | requests | milliseconds in the service, median | at most |")
    print("| --- | --- | --- | --- |")
    with served() as server:
        ids = server.ask_json("/get_ids")["data"]
        AppTest.from_file(APP, default_timeout=60).run()
        for number, name in enumerate(PAGES):
            first = number * (CLIENTS + 1)
            costs = [cost(server, name, client) for client in ids[first : first + CLIENTS + 1]]
            requests, times = zip(*costs[1:], strict=True)  # the first asks what is kept
            middle, most = statistics.median(times), max(times)
            print(f"| {PAGES[name][0]} | {max(requests)} | {middle:.1f} | {most:.1f} |")


def cost(server: Server, name: str, client: int) -> tuple[int, float]:
    """Requests for a page of a client who is new to the dashboard, and their milliseconds."""
    page = AppTest.from_file(APP, default_timeout=60)
    page.session_state["client"] = client
    if name != "client":
        page.run()
    before = logged(server, f"{name}-{client}-before")
    (page if name == "client" else page.switch_page(f"views/{name}.py")).run()
    said = [element.value for element in [*page.exception, *page.main.error]]
    assert said == [], (name, client, said)
    after = logged(server, f"{name}-{client}-after") - 1
    lines = server.requests()[before:after]
    return len(lines), sum(line["milliseconds"] for line in lines)


def logged(server: Server, request_id: str) -> int:
    """How many requests the log has, when it has one of that id, which is the last."""
    server.ask("/health", **{"X-Request-ID": request_id})
    wait_for(lambda: any(line["request_id"] == request_id for line in server.requests()))
    return len(server.requests())


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["pictures", "pages"])
    {"pictures": pictures, "pages": pages}[parser.parse_args().what]()


if __name__ == "__main__":
    main()
