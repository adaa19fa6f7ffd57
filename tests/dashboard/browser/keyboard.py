"""An advisor who uses the dashboard in a browser by keyboard only."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.dashboard.browser.page_scripts import FOCUS

# The heading of each page, and its number of charts.
PAGES = {
    "Client": (r"^Client \d+$", 0),
    "Why": ("^Why (refused|accepted): client", 0),
    "Simulate": ("^Simulate: client", 1),
    "Compare": ("among earlier clients$", 2),
    "New application": ("^New application$", 0),
    "Letter": ("^Letter to client", 0),
    "Model": ("^Model$", 1),
}
REGISTER_PAGES = {  # of a service that has a register
    "History": ("^Recorded decisions$", 0),
    "Work list": ("^Work list$", 0),
    "The model at work": ("^The model at work$", 2),
}
MOST_STOPS = 120  # of the Tab key on a page


def wait_for_page(page: Page, name: str, charts: int | None = None) -> None:
    """Wait until a page and its charts are complete."""
    title, usual = (PAGES | REGISTER_PAGES)[name]
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(title))
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    count = usual if charts is None else charts
    expect(page.locator("[data-testid=stVegaLiteChart] > svg")).to_have_count(count)


def links(page: Page) -> Locator:
    """The links to all pages, above each page."""
    return page.locator(".st-key-header").get_by_test_id("stPageLink-NavLink")


class Keyboard:
    """An advisor who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page, self.press, self.type = page, page.keyboard.press, page.keyboard.type

    def next_stop(self, key: str = "Tab") -> dict[str, Any]:
        """The next element with the focus; nothing may cover it."""
        self.press(key)
        stop: dict[str, Any] = self.page.evaluate(FOCUS)
        assert stop["isSeen"], stop
        return stop

    def remaining_stops(self) -> list[dict[str, Any]]:
        """All stops up to the end of the page."""
        stops = []
        while (stop := self.next_stop())["text"] != "Skip to main content":
            stops.append(stop)
            assert len(stops) < MOST_STOPS
        return stops

    def reach(self, wanted: Locator, key: str = "Tab") -> None:
        """Press a key until a control has the focus, and check that the focus is visible."""
        control = wanted.element_handle()
        for _ in range(MOST_STOPS):
            self.next_stop(key)
            if control.evaluate("each => each === document.activeElement"):
                break
        else:
            raise AssertionError(f"no stop is {wanted}")
        box = control.bounding_box()
        around = {
            "x": box["x"] - 8, "y": box["y"] - 8,
            "width": box["width"] + 16, "height": box["height"] + 16,
        }  # fmt: skip
        screenshots = []
        for then in ("blur", "focus"):
            screenshots.append(self.page.screenshot(clip=around, animations="disabled"))
            control.evaluate(f"each => each.{then}()")
        assert screenshots[0] != screenshots[1], f"the focus is not seen on {wanted}"

    def activate(self, wanted: Locator) -> None:
        """Reach a control and press Enter."""
        self.reach(wanted)
        self.press("Enter")

    def open_page(self, name: str) -> None:
        """Open another page by its link above."""
        self.reach(links(self.page).filter(has_text=re.compile(f"^{name}$")), "Shift+Tab")
        self.press("Enter")
        wait_for_page(self.page, name)
        expect(self.page.locator("a[aria-current=page]")).to_have_text(name)
        expect(self.page).to_have_title(re.compile(rf"(^|· ){name}( \d+)? · Credit desk$"))

    def choose(self, wanted: Locator, text: str) -> None:
        """Type an option of a list and press Enter."""
        self.reach(wanted)
        self.type(text)
        expect(self.page.get_by_role("option").first).to_be_visible()
        self.press("Enter")
