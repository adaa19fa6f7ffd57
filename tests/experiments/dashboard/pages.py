"""The dashboard's pages: pictures for its documentation, their times and costs.

    PYTHONPATH=dashboard python -m tests.experiments.dashboard.pages {pictures,pages,ids}

`pictures` writes docs/dashboard/*.png, `pages` opens each page for ten clients, and `ids` measures
the cost of a choice by id.

All start the service on the folder that RESSOURCES_DIR names, else on the shipped files;
`tests.experiments.dashboard.paint` measures the times of pages.
"""

import argparse
import contextlib
import os
import statistics
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect
from streamlit.testing.v1 import AppTest

from advisor.pages import page_file
from advisor.service_client.errors import ServiceBusy
from advisor.service_client.service_api import Connection, ServiceApi
from tests.support.browser import chromium
from tests.support.servers.server import ROOT, AnyServer, Server, free_port, wait_for

FITS = """() => {
    const main = document.querySelector('[data-testid=stMain]')
    return main.scrollWidth <= main.clientWidth
}"""
APP = ROOT / "dashboard/app.py"
PICTURES = ROOT / "docs/dashboard"
CLIENT = 416135  # of the shipped files: refused, and accepted after one change
APPLICATION = {  # what a person says who is new
    "Income": "150000",
    "Amount of the loan": "300000",
    "Instalment of the loan": "20000",
    "Date of birth": "41",
    "External score 2": "0.6",
    "External score 3": "0.4",
}
CLIENTS = 10  # for each page
PAGES = {
    "client": ("Client", 0),
    "why": ("Why", 0),
    "simulate": ("Simulate", 1),
    "compare": ("Compare", 2),
    "application": ("New application", 0),
    "letter": ("Letter", 0),
    "model": ("Model", 1),
}  # by its file: how a page is called, and how many pictures it has
DIGITS = [str(digit) for _ in range(4) for digit in (1, 2, 3, 4)]  # none twice in turn
HIGH = {"why": 1300, "model": 1500}  # pixels; others are 1,000 high


def is_prepared(url: str, client: int) -> bool:
    """Whether the service has scored the reference clients."""
    with contextlib.closing(Connection(url)) as connection:
        try:
            ServiceApi(connection).score({"client": client})
        except ServiceBusy:
            return False
    return True


@contextlib.contextmanager
def served() -> Iterator[Server]:
    """The service, ready to explain, and the address of it in the environment."""
    with Server(workers=1, FAST_EXPLANATIONS="1", REQUEST_LOG="1") as server:
        client = server.ask_json("/get_ids")["data"][0]
        wait_for(lambda: is_prepared(server.url, client))
        os.environ["API_URL"] = server.url
        yield server


@contextlib.contextmanager
def shown(
    service: Server, width: int = 1440, code: Path = ROOT
) -> Iterator[tuple[AnyServer, Page]]:
    """The dashboard of a service, and a browser's page that is still empty."""
    port = free_port()
    app = str(code / "dashboard/app.py")
    run = [sys.executable, "-m", "streamlit", "run", app, "--server.port", str(port)]
    with AnyServer(run, port, {"API_URL": service.url}) as dashboard, chromium() as browser:
        dashboard.wait("/_stcore/health")
        yield dashboard, browser.new_page(viewport={"width": width, "height": 1000})


def pictures() -> None:
    """Take a picture of each page, and of the first one in a narrow window and in French, dark."""
    PICTURES.mkdir(exist_ok=True)
    with served() as service, shown(service) as (dashboard, page):
        page.goto(dashboard.url)
        search(page, str(CLIENT))
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Client {CLIENT}")
        for name in PAGES:
            visit(page, name)
            if name == "simulate":
                page.locator("[class*=st-key-simulate_suggestion] button").first.press("Enter")
                expect(page.get_by_role("status")).to_contain_text("Accepted")
            if name == "application":
                for label, value in APPLICATION.items():
                    page.get_by_role("spinbutton", name=label).fill(value)
                    page.keyboard.press("Enter")
                    settled(page)
            taken(page, name)
        visit(page, "client")
        taken(page, "client.narrow", {"width": 640, "height": 512})
        page.get_by_text("Français").click()
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        page.emulate_media(color_scheme="dark")
        taken(page, "client.fr")


def search(page: Page, digits: str) -> None:
    """Type the first digits of an id."""
    expect(page.locator("h1, .stAlert").first).to_be_visible()
    settled(page)
    field = page.locator("input[type=search], input[type=text]").first
    field.fill(digits)
    field.press("Enter")
    settled(page)


def ids() -> None:
    """Type digits into the dashboard, and print what comes to the browser and what it costs."""
    received: list[int] = []
    with served() as service, shown(service) as (dashboard, page):
        known = service.ask_json("/get_ids")["data"]
        page.on("websocket", lambda socket: socket.on("framereceived", receive(received)))
        page.goto(dashboard.url)
        expect(page.get_by_role("combobox")).to_be_visible()
        settled(page)
        print(f"{len(known):,} ids; {sum(received):,} bytes to the browser until one can be typed")
        for what, typed in (("first digits", DIGITS), ("a whole id", [str(c) for c in known[:16]])):
            received.clear()
            before = dashboard.processor_seconds()
            for digits in typed:
                search(page, digits)
                if what == "a whole id":
                    expect(page.get_by_role("heading", level=1)).to_have_text(f"Client {digits}")
                    settled(page)
            took = 1000 * (dashboard.processor_seconds() - before) / len(typed)
            size = sum(received) // len(typed)
            print(f"{what}: {size:,} bytes, {took:.0f} ms of the dashboard's processor")


def receive(received: list[int]) -> Callable[[bytes | str], None]:
    """Note how many bytes came."""
    return lambda frame: received.append(len(frame))


def visit(page: Page, name: str) -> None:
    """Open a page, and wait until its pictures are there."""
    called, charts = PAGES[name]
    page.get_by_test_id("stPageLink").get_by_role("link", name=called, exact=True).first.click()
    expect(page.locator("a[aria-current=page]")).to_have_text(called)
    settled(page, charts)


def settled(page: Page, charts: int | None = None) -> None:
    """Wait until a page does not change any more, with its pictures."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    if charts is not None:
        expect(page.locator("[data-testid=stVegaLiteChart] > svg")).to_have_count(charts)


def taken(page: Page, name: str, size: ViewportSize | None = None) -> None:
    """Write the picture."""
    settled(page)
    page.mouse.move(0, 0)
    page.set_viewport_size(size or {"width": 1440, "height": HIGH.get(name, 1000)})
    page.evaluate("document.activeElement.blur()")
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    page.wait_for_function(FITS)  # pictures follow the window a moment later
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file, animations="disabled")
    print(file.relative_to(ROOT))


def pages() -> None:
    """Open each page for ten clients, and print what they cost the service."""
    print("| page | requests | milliseconds in the service, median | at most |")
    print("| --- | --- | --- | --- |")
    with served() as server:
        ids = server.ask_json("/get_ids")["data"]
        AppTest.from_file(APP, default_timeout=60).run()
        for number, name in enumerate([*PAGES, "deployed"]):
            called = PAGES[name][0] if name in PAGES else "the deployed dashboard"
            first = number * (CLIENTS + 1)
            costs = [
                cost(server, name, client) if name in PAGES else deployed(server, client)
                for client in ids[first : first + CLIENTS + 1]
            ]
            requests, times = zip(*costs[1:], strict=True)  # the first fills the caches
            middle, most = statistics.median(times), max(times)
            print(f"| {called} | {max(requests)} | {middle:.1f} | {most:.1f} |")


def cost(server: Server, name: str, client: int) -> tuple[int, float]:
    """Requests for a page of a client who is new to the dashboard, and their milliseconds."""
    page = AppTest.from_file(APP, default_timeout=60)
    page.query_params["client"] = str(client)
    if name != "client":
        page.run()

    def opened() -> None:
        (page if name == "client" else page.switch_page(page_file(name))).run()
        said = [element.value for element in [*page.exception, *page.main.error]]
        assert said == [], (name, client, said)

    return logged(server, opened)


def deployed(server: Server, client: int) -> tuple[int, float]:
    """Seven requests, those of the dashboard of the first service, and their milliseconds."""

    def ask_seven() -> None:
        for path in ("/get_ids", "/get_feat"):
            server.ask(path)
        for path in ("/get_test", "/get_shap"):
            server.ask(f"{path}?param_name={client}")
        record = server.ask_json(f"/get_json?param_name={client}")["data"]
        server.ask("/prediction/", record.encode())
        server.ask("/get_kde?param_name=AMT_CREDIT")

    return logged(server, ask_seven)


def logged(server: Server, action: Callable[[], None]) -> tuple[int, float]:
    """How many requests the log has of an action, and their milliseconds together."""
    before = known(server)
    action()
    after = known(server) - 1
    lines = server.requests()[before:after]
    return len(lines), sum(line["milliseconds"] for line in lines)


def known(server: Server) -> int:
    """How many requests the log has, with one that is asked to find its end."""
    request_id = uuid.uuid4().hex
    server.ask("/health", **{"X-Request-ID": request_id})
    wait_for(lambda: any(line["request_id"] == request_id for line in server.requests()))
    return len(server.requests())


EXPERIMENTS = {"pictures": pictures, "pages": pages, "ids": ids}


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=list(EXPERIMENTS))
    EXPERIMENTS[parser.parse_args().what]()


if __name__ == "__main__":
    main()
