"""The journey of an advisor in a real browser, by keys alone; axe-core's rules on every page."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Locator, Page, expect

from advisor.client import Service
from tests.dashboard.scripts import COVERED, FITS, STOP
from tests.support.browser import CHROMIUM, PATIENCE, chromium
from tests.support.forks import Forks
from tests.support.server import ROOT, AnyServer, Server, free_port

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# The heading of each page, and how many pictures it has.
PAGES = {
    "Client": (r"^Client \d+$", 2),
    "Why": ("^Why client", 2),
    "What if": ("^What if: client", 1),
    "Compare": ("among earlier clients$", 2),
    "New application": ("^New application$", 0),
    "Model": ("^Model$", 1),
    "Letter": ("^A letter about", 0),
}
WIDE = {"width": 1280, "height": 1000}
NARROW = [{"width": 640, "height": 512}, {"width": 320, "height": 512}]  # 1280 x 1024 at 200, 400 %
MOST_STOPS = 120  # of the Tab key on a page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def dashboard(desk_server: Server, forks: Forks) -> Iterator[str]:
    """The address of a dashboard that asks the service."""
    port = free_port()
    run = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard/app.py")]
    command = [*run, "--server.port", str(port)]
    with AnyServer(command, port, {"API_URL": desk_server.url}, begin=forks.begin) as server:
        server.wait("/_stcore/health")
        yield server.url
        assert "Traceback" not in server.log()


@pytest.fixture(scope="module")
def page(dashboard: str) -> Iterator[Page]:
    """One page for all tests, in their order. It asks no other host."""
    asked: list[str] = []
    with chromium() as browser:
        page = browser.new_page(viewport=WIDE)
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(dashboard)
        yield page
    own = (dashboard, dashboard.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []


class Keys:
    """What a person does who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page, self.press = page, page.keyboard.press

    def stop(self, key: str = "Tab") -> dict[str, Any]:
        """Where the next stop is. Nothing lies over it."""
        self.press(key)
        found: dict[str, Any] = self.page.evaluate(STOP)
        assert found["isSeen"], found
        return found

    def rest(self) -> list[dict[str, Any]]:
        """All stops until the page ends."""
        found = []
        while (stop := self.stop())["text"] != "Skip to main content":
            found.append(stop)
            assert len(found) < MOST_STOPS
        return found

    def to(self, wanted: Locator, key: str = "Tab") -> None:
        """Go on until a control has the focus, and see that it looks other than without."""
        control = wanted.element_handle()
        for _ in range(MOST_STOPS):
            self.stop(key)
            if control.evaluate("each => each === document.activeElement"):
                break
        else:
            raise AssertionError(f"no stop is {wanted}")
        box = control.bounding_box()
        around = {
            "x": box["x"] - 8, "y": box["y"] - 8,
            "width": box["width"] + 16, "height": box["height"] + 16,
        }  # fmt: skip
        looks = []
        for then in ("blur", "focus"):
            looks.append(self.page.screenshot(clip=around, animations="disabled"))
            control.evaluate(f"each => each.{then}()")
        assert looks[0] != looks[1], f"the focus is not seen on {wanted}"

    def go(self, name: str) -> None:
        """To another page, by its link above."""
        links = self.page.get_by_test_id("stPageLink-NavLink")
        self.to(links.filter(has_text=re.compile(f"^{name}$")), "Shift+Tab")
        self.press("Enter")
        settled(self.page, name)
        expect(self.page.locator("a[aria-current=page]")).to_have_text(name)
        expect(self.page).to_have_title(f"{name} · Credit desk")

    def choose(self, wanted: Locator, text: str) -> None:
        """Type an option of a list, and take it."""
        self.to(wanted)
        self.page.keyboard.type(text)
        expect(self.page.get_by_role("option").first).to_be_visible()
        self.press("Enter")


@pytest.fixture
def keys(page: Page) -> Keys:
    return Keys(page)


def heading(page: Page, text: str) -> Locator:
    return page.get_by_role("heading", name=text)


def settled(page: Page, name: str, pictures: int | None = None) -> None:
    """Until a page is there, with its pictures."""
    title, usual = PAGES[name]
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(title))
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    count = usual if pictures is None else pictures
    expect(page.locator("[data-testid=stVegaLiteChart] > svg")).to_have_count(count)


def violations(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    asked = {"runOnly": LEVELS, "resultTypes": ["violations"]}  # of what passes one node each
    found = page.evaluate("options => axe.run(document, options)", asked)
    assert len(found["passes"]) > 15
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.fixture
def look(page: Page, tmp_path: Path) -> Callable[[str], None]:
    """Takes a picture of a page, and holds it against axe-core's rules and against zoom.

    In a window as narrow as zoom makes it nothing lies over what is to be read or used, and only
    tables are scrolled sideways. Each picture says what it shows, and the page says the same.
    """

    def taken(name: str) -> None:
        assert len(page.screenshot(path=tmp_path / f"{name}.png")) > 20_000
        assert violations(page) == [], name
        shown = page.get_by_test_id("stMain").inner_text()
        for picture in page.get_by_test_id("stVegaLiteChart").all():
            said = picture.get_attribute("aria-label")
            assert said.endswith(".")
            assert said in shown
        for size in NARROW:
            page.set_viewport_size(size)
            page.wait_for_function(FITS)  # pictures follow the window a moment later
            assert page.evaluate(COVERED) == [], (name, size)
        page.set_viewport_size(WIDE)
        page.wait_for_function(FITS)

    return taken


def test_from_refusal_to_letter_by_keys_alone(
    page: Page, keys: Keys, asked: Service, turned: int, look: Callable[[str], None]
):
    expect(page.get_by_role("textbox", name="First digits of a client's id")).to_be_visible()
    settled_first(page)
    first = [keys.stop()["text"] for _ in range(len(PAGES) + 5)]
    assert first[0] == "Skip to main content"
    controls = ["English", "First digits of a client's id", "Client"]
    assert first[-len(PAGES) - 3 :] == [*PAGES, *controls]
    keys.press("Shift+Tab")
    page.keyboard.type(str(turned))
    keys.press("Enter")
    expect(heading(page, f"Client {turned}")).to_be_visible()
    expect(heading(page, "Refused: ")).to_be_visible()
    settled(page, "Client")
    order = [stop["y"] for stop in keys.rest() if stop["inMain"]]
    assert len(order) > 10
    assert order == sorted(order)  # as it is read
    look("client")

    score = asked.score({"client": turned}, compare="all")
    keys.go("Why")
    keys.to(page.get_by_role("radio", name="earlier clients who were just accepted"))
    keys.press("ArrowDown")
    reason = score["reasons"][0]
    expect(page.locator("li").first).to_contain_text(f"{reason['text']} (")
    expect(page.locator("li").first).to_contain_text(f"{reason['contribution']:.3f}")
    settled(page, "Why")
    keys.to(page.locator("summary").first)
    keys.press("Enter")
    expect(page.get_by_role("region", name=reason["group"], exact=True)).to_be_visible()
    keys.choose(page.get_by_role("combobox", name="Open a theme"), "Income")
    expect(page.get_by_role("region", name="Features of the theme Income")).to_be_visible()
    settled(page, "Why")
    look("why")

    keys.go("What if")
    alternative = asked.alternatives(turned)["alternatives"][0]
    keys.to(page.get_by_role("button", name=f"Try it: {alternative['label']}"))
    keys.press("Enter")
    expect(page.get_by_text("Accepted: ")).to_be_visible()
    settled(page, "What if")
    keys.to(page.get_by_role("button", name="Score these values"))
    keys.press("Enter")  # with no digit lost
    settled(page, "What if")
    expect(page.get_by_text("Accepted: ")).to_be_visible()
    keys.choose(page.get_by_role("combobox", name="Feature"), alternative["label"])
    expect(page.get_by_text(f"{alternative['label']} is ")).to_be_visible()
    settled(page, "What if")
    look("what-if")

    keys.go("Compare")
    keys.choose(page.get_by_role("combobox", name="Feature"), "Amount of the loan")
    expect(page.get_by_text("Amount of the loan: the median is ")).to_be_visible()
    settled(page, "Compare")
    look("compare")

    keys.go("New application")
    keys.to(page.get_by_role("button", name="Score these values"))
    keys.press("Enter")
    expect(heading(page, "From those compared with to this application")).to_be_visible()
    settled(page, "New application", pictures=4)
    look("application")

    keys.go("Letter")
    near = asked.score({"client": turned})
    letter = page.get_by_test_id("stCode")
    expect(letter).to_contain_text(f"1. {near['reasons'][0]['text']}.")
    expect(letter).to_contain_text(near["model"])
    look("letter")
    keys.to(page.get_by_role("button", name="Download the letter"))
    with page.expect_download() as download:
        keys.press("Enter")
    assert near["model"] in download.value.path().read_text()

    keys.go("Model")
    look("model")


def settled_first(page: Page) -> None:
    """Until the first page asks for a client."""
    expect(page.get_by_text("Choose a client first")).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def test_a_change_of_language_changes_no_value(page: Page, asked: Service, turned: int):
    """A form that is sent after it has one change alone, the amount that is typed."""
    credit = next(each for each in asked.features() if each["name"] == "AMT_CREDIT")
    links = page.get_by_test_id("stPageLink-NavLink")
    links.filter(has_text="New application").click()
    settled(page, "New application", pictures=4)  # of the application sent before
    amount = page.get_by_role("spinbutton", name=credit["label"])
    page.locator("summary").filter(has_text=re.compile(f"{credit['group']}$")).click()
    for language, button, typed in (
        ("Français", "Évaluer ces valeurs", 1_500_000),
        ("English", "Score these values", 90_000),
    ):
        changed = {"client": turned, "changes": {"AMT_CREDIT": typed}}
        probability = asked.score(changed)["probability"]
        page.get_by_text(language, exact=True).click()
        expect(page.get_by_role("button", name=button)).to_be_visible()
        amount.fill(str(typed))
        page.get_by_role("button", name=button).click()
        written = [f"{probability:.4f}", f"{probability:.4f}".replace(".", ",")]
        figure = page.get_by_test_id("stMain").get_by_role("cell").first
        expect(figure).to_have_text(re.compile("|".join(written)))


def test_the_page_says_its_language(page: Page, keys: Keys, look: Callable[[str], None]):
    keys.go("Why")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.locator("[lang]").count() == 1  # labels are in the same language
    keys.to(page.get_by_role("radio", name="English"), "Shift+Tab")
    keys.press("ArrowRight")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_test_id("stPageLink-NavLink").nth(1)).to_have_text("Pourquoi")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Pourquoi ce score"))
    expect(page.locator("li > span[lang=en]").first).to_be_visible()  # a reason
    expect(page.locator("caption > span[lang=en]").first).to_be_attached()  # a theme
    expect(page.locator("th > span[lang=en]:visible").first).to_be_visible()  # a feature
    look("french")
