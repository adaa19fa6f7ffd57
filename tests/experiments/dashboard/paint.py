"""Times of the dashboard's pages in a browser: first paint and settled.

    PYTHONPATH=dashboard python -m tests.experiments.dashboard.paint [--code FOLDER]

The service runs on the folder that RESSOURCES_DIR names, else on the shipped files, with the code
of this version; FOLDER is a checkout whose dashboard is measured in place of this one.
"""

import argparse
import re
import statistics
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
# Runs in each document of the browser: times since a click, Enter or the document's begin, read in
# the frame that paints the skeleton, and in the one that paints another title or a message.
WATCH = """
const title = () => document.querySelector("h1, .stAlert")?.textContent
let before, begin = 0
window.watch = () => { before = title(); begin = undefined; window.painted = {} }
window.painted = {}
const act = () => { begin ??= performance.now() }
document.addEventListener("click", act, true)
document.addEventListener("keydown", event => event.key === "Enter" && act(), true)
const look = () => {
    const now = performance.now() - begin
    const hasTitle = title() && title() !== before
    if (hasTitle || document.querySelector(".desk-waiting")?.getClientRects().length)
        window.painted.first ??= now
    if (hasTitle) window.painted.title ??= now
    requestAnimationFrame(look)
}
requestAnimationFrame(look)
window.settledAfter = quiet => {
    const app = document.querySelector("[data-testid=stApp]")
    const done = window.painted.title !== undefined
        && app.dataset.testScriptState === "notRunning"
        && !document.querySelector("[data-stale=true]")
    const now = performance.now() - begin
    window.painted.settled = done ? window.painted.settled ?? now : undefined
    return done && now - window.painted.settled > quiet && window.painted
}
"""
Times = tuple[float, float, float]  # first paint, title, settled


def paint(code: Path) -> None:
    """Print the times of a cold start, a client by id and two pages, in milliseconds."""
    print("| event | first paint | title | settled | of so many |")
    print("| --- | --- | --- | --- | --- |")
    with served() as service, shown(service, code=code) as (dashboard, page):
        clients = [str(client) for client in service.ask_json("/get_ids")["data"][: 2 * TIMES]]
        page.add_init_script(WATCH)
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


def report(event: str, times: list[Times]) -> None:
    """Print the medians of an event."""
    medians = [f"{statistics.median(each):.0f}" for each in zip(*times, strict=True)]
    print(f"| {event} | {' | '.join(medians)} | {len(times)} |")


def cold(page: Page, url: str) -> Times:
    """The times of a load of the first page with an empty session."""
    return timed(page, lambda: page.goto(url, wait_until="commit"))


def timed(page: Page, action: Callable[[], object]) -> Times:
    """Milliseconds from an action to its first paint, its title, and a page that changes no more.

    The first paint is that of the skeleton or of the title; the links above, which stay, do not
    count. A page without a title has a message. A page is settled when its script has ended and
    no element of the former page is left; the quiet time that shows it is not counted.
    """
    page.evaluate("window.watch?.()")
    action()
    found = page.wait_for_function(f"window.settledAfter?.({QUIET})", polling=10).json_value()
    return found["first"], found["title"], found["settled"]


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
