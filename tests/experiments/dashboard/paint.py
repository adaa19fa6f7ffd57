"""Times of the dashboard's pages in a browser: first paint and settled.

    PYTHONPATH=dashboard python -m tests.experiments.dashboard.paint [--code FOLDER]

The service runs on the folder that RESSOURCES_DIR names, else on the shipped files, with the code
of this version; FOLDER is a checkout whose dashboard is measured in place of this one.
"""

import argparse
import re
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.experiments.dashboard.pages import search, served, settled, shown
from tests.support.servers.server import ROOT

TIMES = 10  # of each event
LINKS = ["client", "why", "simulate", "compare", "application"]  # as far as they are measured
LINKS_BEFORE = {"what_if": "simulate"}  # the former name of a page
QUIET = 150  # milliseconds without a change
SETTLED = f"""() => {{
    const app = document.querySelector('[data-testid=stApp]')
    const done = app.dataset.testScriptState === 'notRunning'
        && !document.querySelector('[data-stale=true]') && document.querySelector('h1, .stAlert')
    window.quietSince = done ? window.quietSince ?? performance.now() : undefined
    return done && performance.now() - window.quietSince > {QUIET}
}}"""


def paint(code: Path) -> None:
    """Print the times of a cold start, a client by id and two pages, in milliseconds."""
    print("| event | first paint | settled | of so many |")
    print("| --- | --- | --- | --- |")
    with served() as service, shown(service, code=code) as (dashboard, page):
        clients = [str(client) for client in service.ask_json("/get_ids")["data"][: 2 * TIMES]]
        page.goto(dashboard.url)  # fills the caches of dashboard and service
        search(page, clients[0])
        simulate = "simulate" if (code / "dashboard/views/simulate.py").exists() else "what_if"
        report("cold start of a page", [cold(page, dashboard.url) for _ in range(TIMES)])
        settled(page)
        by_id = [timed(page, partial(type_id, page, each)) for each in clients[1 : TIMES + 1]]
        report("client by id", by_id)
        for name in (simulate, "application"):
            times = []
            for _ in range(TIMES):
                open_link(page, "client")
                times.append(timed(page, partial(open_link, page, name, wait=False)))
            report(name, times)


def report(event: str, times: list[tuple[float, float]]) -> None:
    """Print the medians of an event."""
    first, last = (statistics.median(each) for each in zip(*times, strict=True))
    print(f"| {event} | {first:.0f} | {last:.0f} | {len(times)} |")


def cold(page: Page, url: str) -> tuple[float, float]:
    """The times of a load of the first page with an empty session."""
    return timed(page, lambda: page.goto(url, wait_until="commit"))


def timed(page: Page, action: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds from an action to the first content, and to a page that changes no more.

    A page is settled when its script has ended and no element of the former page is left; the
    quiet time that shows it is not counted.
    """
    begin = time.perf_counter()
    action()
    page.wait_for_selector("[data-testid=stMainBlockContainer] *", state="visible")
    first = 1000 * (time.perf_counter() - begin)
    page.evaluate("window.quietSince = undefined")  # of the event before
    page.wait_for_function(SETTLED, polling=10)
    return first, 1000 * (time.perf_counter() - begin) - QUIET


def type_id(page: Page, client: str) -> None:
    """Type an id, and wait for its client's heading."""
    field = page.locator("input[type=search], input[type=text]").first
    field.fill(client)
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Client {client}")


def open_link(page: Page, name: str, wait: bool = True) -> None:
    """Follow the link to a page."""
    path = "" if name == "client" else name
    page.get_by_test_id("stPageLink-NavLink").locator(
        f"nth={LINKS.index(LINKS_BEFORE.get(name, name))}"
    ).click()
    page.wait_for_url(re.compile(rf"/{path}(\?|$)"))
    if wait:
        settled(page)


def main() -> None:
    """Measure the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--code", type=Path, default=ROOT, help="a checkout of another version")
    paint(parser.parse_args().code.resolve())


if __name__ == "__main__":
    main()
